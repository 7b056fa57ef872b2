// Live maps: MapLibre drawing in the sheet's tokens over the SVG that the server drew.
//
// <div class="map" data-track data-bounds="w,s,e,n" data-geometry-url="… …"
//      data-tiles-url="" data-tiles-attribution="" data-gestures="free" data-word-…>
//   <svg>…</svg>  <script type="application/json" data-tracks>[…]</script>
// </div>
// The SVG stays until the live map has drawn its first frame, and for good where WebGL is missing.

import { buildStyle, layers, nothing, readTokens } from "./map-style.js";
import { degrees, number } from "./numbers.js";
import { announceHere, loadSamples, viewOf } from "./profile-samples.js";
import { drawMarks } from "./track-marks.js";

const STYLES = new URL("../css/map.css", import.meta.url);
const GROUND = new URL("../map/world.pmtiles", import.meta.url).href;
const ARCHIVES = new URL("../vendor/pmtiles/pmtiles.js", import.meta.url).href;
const NEAR_PIXELS = 28;
const NIGHT_PIXELS = 30;
const EARTH_METRES = 40_075_016;
const DEGREE_STEPS = [1, 2, 5, 10, 30];
const DEGREE_LABEL_PIXELS = 90;
const SCALE_PIXELS = 150;
const BUTTON_PIXELS = 60;

export function enhance(root) {
  for (const element of root.querySelectorAll(".map[data-track]:not([data-awake])")) {
    element.dataset.awake = "";
    waker.observe(element);
  }
}

// The library is large; a map wakes when it comes near the window.
const waker = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries)
      if (isIntersecting) {
        waker.unobserve(target);
        wake(target).catch((error) => console.warn("The drawn map stays:", error));
      }
  },
  { rootMargin: "150px" },
);

async function wake(element) {
  if (!document.createElement("canvas").getContext("webgl2")) return;
  const bounds = (element.dataset.bounds ?? "").split(",").map(Number);
  if (bounds.length !== 4 || bounds.some(Number.isNaN)) return;
  if (bounds[2] < bounds[0]) bounds[2] += 360;
  const [maplibre, tracks] = await Promise.all([loadLibrary(), loadTracks(element, bounds), loadStyles()]);
  new TrackMap(maplibre, element, { bounds, tracks });
}

class TrackMap {
  constructor(maplibre, element, { bounds, tracks }) {
    Object.assign(this, { maplibre, element, bounds, tracks, view: viewOf(element), middle: (bounds[0] + bounds[2]) / 2 });
    const { tilesUrl: tiles, tilesAttribution, gestures } = element.dataset;
    this.withTiles = Boolean(tiles);
    this.canvas = this.add("div", "map-canvas");
    this.map = new maplibre.Map({
      container: this.canvas,
      style: buildStyle(readTokens(element), { ground: GROUND, tiles }),
      bounds,
      fitBoundsOptions: this.framed(),
      attributionControl: { compact: false, customAttribution: tiles ? tilesAttribution : undefined },
      cooperativeGestures: gestures !== "free",
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 16,
      locale: words(element),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    this.map.addControl(new WholeTour(() => this.showWhole(), element.dataset.wordWhole), "top-right");
    this.map.addControl(new maplibre.FullscreenControl({ container: element }), "top-right");
    element.map = this.map;
    this.map.on("error", ({ error }) => console.warn("Map:", error?.message));
    this.map.once("style.load", () => this.drawTracks());
    this.map.once("idle", () => this.takeOver());
  }

  framed() {
    return { padding: padding(this.element), maxZoom: 13 };
  }

  showWhole() {
    this.map.fitBounds(this.bounds, this.framed());
  }

  add(name, kind) {
    const element = document.createElement(name);
    element.className = kind;
    this.element.append(element);
    return element;
  }

  takeOver() {
    this.element.dataset.live = "";
    this.element.querySelector(":scope > svg")?.setAttribute("aria-hidden", "true");
    this.degreeLabels = this.add("div", "map-degrees");
    this.degreeLabels.ariaHidden = "true";
    this.scale = this.element.querySelector(":scope > .scale") ?? this.add("span", "scale");
    this.here = this.add("span", "map-here");
    this.here.hidden = true;
    this.map.on("move", () => this.redraw());
    this.map.on("moveend", () => this.refine());
    this.redraw();
    this.map.on("resize", () => this.redraw());
    onThemeChange(() => this.recolour());
    this.linkTitles();
    drawMarks(this.maplibre, this.map, this.element).catch((error) => console.warn("Map:", error));
    loadSamples(this.view).then((samples) => samples && this.linkProfile(samples), () => {});
  }

  drawTracks() {
    const features = this.tracks.map(({ geometry, title, href }, index) => ({
      type: "Feature",
      id: index,
      properties: { index, title, href },
      geometry: this.continuous(geometry),
    }));
    this.map.getSource("track").setData({ type: "FeatureCollection", features });
    const nights = features.map(({ geometry }) => geometry.coordinates[0]?.[0]).filter(Boolean);
    const points = { type: "Feature", properties: {}, geometry: { type: "MultiPoint", coordinates: nights } };
    this.nights = "nights" in this.element.dataset ? nights : [];
    this.map.getSource("nights").setData(this.nights.length ? points : nothing);
  }

  // Longitudes that run on across 180° instead of jumping round the world.
  continuous({ coordinates }) {
    const near = ([longitude, latitude]) => [longitude + 360 * Math.round((this.middle - longitude) / 360), latitude];
    return { type: "MultiLineString", coordinates: coordinates.map((line) => line.map(near)) };
  }

  // Coarse lines are enough for the first view; when one looks closer, finer ones come.
  async refine() {
    const tolerance = this.metresPerPixel() / 2;
    const window = this.map.getBounds();
    const coarse = this.tracks.filter((track) => track.url && track.tolerance > 2 * tolerance && touches(track.geometry, window));
    if (!coarse.length) return;
    await Promise.all(
      coarse.map(async (track) => {
        track.tolerance = tolerance;
        track.geometry = asLines(await fetchGeometry(track.url, tolerance).catch(() => track));
      }),
    );
    this.drawTracks();
  }

  metresPerPixel() {
    const latitude = (this.map.getCenter().lat * Math.PI) / 180;
    return (EARTH_METRES * Math.cos(latitude)) / (512 * 2 ** this.map.getZoom());
  }

  recolour() {
    for (const { id, paint } of layers(readTokens(this.element), this.withTiles))
      for (const [name, value] of Object.entries(paint)) this.map.setPaintProperty(id, name, value);
  }

  redraw() {
    this.thinNights();
    this.redrawScale();
    this.redrawDegrees();
    this.placeHere();
  }

  // Rings that would touch each other say nothing; they come back when one looks closer.
  thinNights() {
    const places = this.nights.map((night) => this.map.project(night));
    const apart = places.slice(1).map((place, index) => place.dist(places[index]));
    const isCrowded = apart.length > 0 && apart.reduce((sum, gap) => sum + gap) / apart.length < NIGHT_PIXELS;
    const visibility = isCrowded ? "none" : "visible";
    if (visibility === this.visibility) return;
    this.visibility = visibility;
    this.map.setLayoutProperty("nights", "visibility", visibility);
  }

  redrawScale() {
    const most = this.metresPerPixel() * Math.min(SCALE_PIXELS, this.element.clientWidth / 3);
    const power = 10 ** Math.floor(Math.log10(most));
    const metres = [5, 2, 1].map((digit) => digit * power).find((length) => length <= most);
    this.scale.textContent = metres >= 1000 ? `${number(metres / 1000)} km` : `${number(metres)} m`;
    this.scale.style.inlineSize = `${metres / this.metresPerPixel()}px`;
  }

  redrawDegrees() {
    const [west, east] = [this.map.getBounds().getWest(), this.map.getBounds().getEast()];
    const pixels = this.element.clientWidth / (east - west);
    const step = DEGREE_STEPS.find((each) => each * pixels > DEGREE_LABEL_PIXELS) ?? 60;
    const labels = [];
    for (let longitude = Math.ceil(west / step) * step; longitude < east; longitude += step) {
      const label = document.createElement("span");
      const place = (longitude - west) * pixels;
      if (place > this.element.clientWidth - DEGREE_LABEL_PIXELS) break; // the zoom buttons stand there
      label.className = "map-label";
      label.dataset.kind = "degree";
      label.textContent = degrees(longitude);
      label.style.insetInlineStart = `${place}px`;
      labels.push(label);
    }
    this.degreeLabels.replaceChildren(...labels);
  }

  placeHere() {
    this.here.hidden = !this.at;
    if (!this.at) return;
    const { x, y } = this.map.project(this.at);
    Object.assign(this.here.style, { insetInlineStart: `${x}px`, insetBlockStart: `${y}px` });
  }

  // The profile's cursor moves the disc; the pointer over the track moves the profile's cursor.
  linkProfile(samples) {
    const places = this.continuous({ coordinates: [samples.coordinates] }).coordinates[0];
    const goTo = (index) => {
      this.at = places[index];
      this.placeHere();
    };
    this.view.addEventListener("track:here", ({ detail }) => goTo(detail.index));
    const range = this.view.querySelector(".profile-range");
    if (range && !range.hidden) goTo(Number(range.value));

    let waiting = false;
    this.map.on("mousemove", ({ point }) => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        const index = nearest(places, point, this.map);
        if (index !== null) announceHere(this.element, samples, index);
      });
    });
    this.map.on("click", ({ point }) => {
      const index = nearest(places, point, this.map);
      if (index !== null) announceHere(this.element, samples, index);
    });
  }

  // On a map of several diaries a track says whose it is.
  linkTitles() {
    if (!this.tracks.some(({ href }) => href)) return;
    this.map.on("mousemove", ({ point }) => {
      this.map.getCanvas().style.cursor = this.trackAt(point) ? "pointer" : "";
    });
    this.map.on("click", ({ point, lngLat }) => {
      const track = this.trackAt(point);
      if (!track) return;
      const link = Object.assign(document.createElement("a"), { href: track.href, textContent: track.title });
      new this.maplibre.Popup({ closeButton: false, maxWidth: "18rem" }).setLngLat(lngLat).setDOMContent(link).addTo(this.map);
    });
  }

  trackAt({ x, y }) {
    const box = [[x - 8, y - 8], [x + 8, y + 8]];
    const [found] = this.map.queryRenderedFeatures(box, { layers: ["track"] });
    return found?.properties.href ? found.properties : null;
  }
}

// A button of the map itself, always one tap away.
class WholeTour {
  constructor(show, words = "") {
    this.button = Object.assign(document.createElement("button"), { type: "button", className: "map-whole", title: words, ariaLabel: words });
    this.button.append(Object.assign(document.createElement("span"), { className: "maplibregl-ctrl-icon", ariaHidden: "true" }));
    this.button.addEventListener("click", show);
    this.group = Object.assign(document.createElement("div"), { className: "maplibregl-ctrl maplibregl-ctrl-group" });
    this.group.append(this.button);
  }

  onAdd() {
    return this.group;
  }

  onRemove() {
    this.group.remove();
  }
}

// MapLibre, which reads the base map out of one archive by the ranges that it needs.
let library;
function loadLibrary() {
  library ??= Promise.all([import("../vendor/maplibre-gl/maplibre-gl.mjs"), loadScript(ARCHIVES)]).then(([maplibre]) => {
    maplibre.addProtocol("pmtiles", new window.pmtiles.Protocol({ metadata: true }).tile);
    return maplibre;
  });
  return library;
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
  });
}

// What to draw: the tracks written into the page, or those behind the geometry addresses. Features
// with an href are diaries of their own: {title, href, url for finer lines, tolerance in metres}.
async function loadTracks(element, [west, south, east, north]) {
  const squeeze = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const degreesShown = Math.max((east - west) * squeeze, north - south, 0.01);
  const tolerance = ((degreesShown / 360) * EARTH_METRES) / Math.max(element.clientWidth, 300) / 2;
  const written = element.querySelector("script[data-tracks]");
  const named = written
    ? JSON.parse(written.textContent)
    : (element.dataset.geometryUrl ?? "").split(/\s+/).filter(Boolean).map((url) => ({ url }));
  const tracks = await Promise.all(
    named.map(async (track) => {
      const found = track.geometry ? track : await fetchGeometry(track.url, tolerance).catch(() => null);
      const several = found?.features?.filter(({ properties }) => properties?.href);
      if (several?.length) return several.map(({ geometry, properties }) => ({ tolerance, ...properties, geometry: asLines(geometry) }));
      return { ...track, geometry: asLines(found), tolerance };
    }),
  );
  return tracks.flat().filter(({ geometry }) => geometry.coordinates.length);
}

function fetchGeometry(url, tolerance) {
  const asked = new URL(url, location.href);
  asked.searchParams.set("tolerance", String(Number(tolerance.toPrecision(2))));
  return fetchJson(asked);
}

// A Feature, a FeatureCollection or a geometry as one MultiLineString.
function asLines(document) {
  const geometries = (document?.features ?? [document]).map((each) => each?.geometry ?? each).filter(Boolean);
  const lines = geometries.flatMap(({ type, coordinates }) => (type === "LineString" ? [coordinates] : (coordinates ?? [])));
  return { type: "MultiLineString", coordinates: lines };
}

function touches({ coordinates }, window) {
  return coordinates.some((line) => line.some((point) => window.contains(point) || window.contains([point[0] + 360, point[1]])));
}

function nearest(places, { x, y }, map) {
  let [best, reach] = [null, NEAR_PIXELS ** 2];
  places.forEach((place, index) => {
    const pixel = map.project(place);
    const gap = (pixel.x - x) ** 2 + (pixel.y - y) ** 2;
    if (gap < reach) [best, reach] = [index, gap];
  });
  return best;
}

// The buttons stand at the right, where no track shall be hidden.
function padding(element) {
  const edge = Math.round(Math.min(element.clientWidth, element.clientHeight) * 0.11);
  return { top: edge, bottom: edge, left: edge, right: Math.max(edge, BUTTON_PIXELS) };
}

// The library's few words, translated in the page: data-word-zoom-in and so on.
function words(element) {
  const { wordMap, wordZoomIn, wordZoomOut, wordFullScreen, wordFullScreenEnd, wordWheel, wordWheelMac, wordTouch } =
    element.dataset;
  const named = {
    "Map.Title": wordMap ?? element.querySelector(":scope > svg > title")?.textContent,
    "NavigationControl.ZoomIn": wordZoomIn,
    "NavigationControl.ZoomOut": wordZoomOut,
    "FullscreenControl.Enter": wordFullScreen,
    "FullscreenControl.Exit": wordFullScreenEnd,
    "CooperativeGesturesHandler.WindowsHelpText": wordWheel,
    "CooperativeGesturesHandler.MacHelpText": wordWheelMac ?? wordWheel,
    "CooperativeGesturesHandler.MobileHelpText": wordTouch,
  };
  return Object.fromEntries(Object.entries(named).filter(([, word]) => word));
}

let styles;
function loadStyles() {
  styles ??= new Promise((resolve, reject) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: STYLES, onload: resolve, onerror: reject });
    document.head.append(link);
  });
  return styles;
}

function onThemeChange(react) {
  new MutationObserver(react).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", react);
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/json, application/geo+json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}
