// The map style of the identity: tokens in, MapLibre's style out.

const TOKENS = [
  ...["water", "land", "coast", "graticule", "border", "contour", "route", "route-casing"],
  ...["label", "label-water", "label-relief", "halo"],
];

// light-dark() and var() are only resolved on a real property, so an element wears each colour once.
export function readTokens(element) {
  const probe = element.appendChild(document.createElement("span"));
  probe.hidden = true;
  const colours = {};
  for (const name of TOKENS) {
    probe.style.color = `var(--map-${name})`;
    colours[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  colours.isNight = isDark(colours.land);
  return colours;
}

function isDark(colour) {
  const [red, green, blue] = colour.match(/[\d.]+/g).map(Number);
  return red + green + blue < 384;
}

const MINOR_FROM_ZOOM = 4.4;
const FONT = ["Piazzolla", "serif"];
const ITALIC = ["Piazzolla Italic", "Piazzolla", "serif"];
const MEDIUM = ["Piazzolla Medium", "Piazzolla", "serif"];
const NAME = document.documentElement.lang === "es" ? ["coalesce", ["get", "name_es"], ["get", "name"]] : ["get", "name"];

export const nothing = { type: "FeatureCollection", features: [] };

export function buildStyle(colours, { ground, tiles }) {
  const geojson = (data) => ({ type: "geojson", data, tolerance: 0.2 });
  const sources = {
    ground: { type: "vector", url: `pmtiles://${ground}` },
    graticule: geojson(graticule([-180.5, -80, 180, 80])),
    track: geojson(nothing),
    nights: geojson(nothing),
  };
  if (tiles) sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
  return { version: 8, sources, layers: layers(colours, Boolean(tiles)) };
}

export function layers(colours, withTiles) {
  return [
    { id: "background", type: "background", paint: { "background-color": colours.water } },
    ...meridians(colours),
    ...ground(colours),
    ...(withTiles ? [raster(colours)] : []),
    ...route(colours),
    ...(withTiles ? [] : names(colours)),
  ];
}

const fill = (id, colour, opacity = 1) => ({
  id,
  type: "fill",
  source: "ground",
  "source-layer": id,
  paint: { "fill-color": colour, "fill-opacity": opacity, "fill-antialias": false },
});

const line = (id, from, paint, layout = {}) => ({
  id,
  type: "line",
  ...from,
  layout: { "line-join": "round", ...layout },
  paint,
});

const tiled = (layer) => ({ source: "ground", "source-layer": layer });

function meridians(colours) {
  const paint = { "line-color": colours.graticule, "line-width": 1 };
  const kind = (name) => ({ source: "graticule", filter: ["==", ["get", "kind"], name] });
  return [
    line("graticule", kind("major"), paint),
    { ...line("graticule-minor", kind("minor"), paint), minzoom: MINOR_FROM_ZOOM },
  ];
}

function ground(colours) {
  const shore = { "line-color": colours.coast, "line-width": 1 };
  const border = { "line-color": colours.border, "line-width": 1, "line-dasharray": [7, 3, 1.5, 3] };
  const province = { "line-color": colours.border, "line-width": 0.6, "line-opacity": 0.5, "line-dasharray": [2, 3] };
  const river = { "line-color": colours.coast, "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.5, 10, 1.4] };
  return [
    fill("land", colours.land),
    fill("ice", colours["route-casing"]),
    fill("urban", colours.contour, 0.35),
    fill("water", colours.water),
    line("river", tiled("river"), river, { "line-cap": "round" }),
    line("coast", tiled("land"), shore),
    line("shore", tiled("water"), shore),
    line("province", tiled("province"), province),
    line("border", tiled("border"), border, { "line-cap": "butt" }),
  ];
}

function raster(colours) {
  return {
    id: "tiles",
    type: "raster",
    source: "tiles",
    paint: { "raster-brightness-max": colours.isNight ? 0.72 : 1, "raster-fade-duration": 0 },
  };
}

// The last one has its place first: towns before peaks, and those before seas and ranges.
function names(colours) {
  const label = (id, kinds, font, size, colour, layout = {}) => ({
    id: `names-${id}`,
    type: "symbol",
    ...tiled("label"),
    filter: ["in", ["get", "kind"], ["literal", kinds]],
    layout: { "text-field": NAME, "text-font": font, "text-size": size, "text-max-width": 8, ...layout },
    paint: { "text-color": colour, "text-halo-color": colours.halo, "text-halo-width": 1.5 },
  });
  const relief = { "text-letter-spacing": 0.16, "text-transform": "uppercase" };
  const byPeople = ["-", ["coalesce", ["get", "people"], 0]];
  const people = (small, large) => ["interpolate", ["linear"], ["get", "people"], 3000, small, 500000, large];
  const townSize = ["interpolate", ["linear"], ["zoom"], 4, people(11, 14), 9, people(12, 19)];
  const height = ["case", ["has", "metres"], ["concat", "\n", ["to-string", ["get", "metres"]], " m"], ""];
  return [
    label("river", ["river"], ITALIC, 12, colours["label-water"], { "symbol-placement": "line", "text-max-angle": 35 }),
    { ...label("sea", ["sea", "lake"], ITALIC, 15, colours["label-water"], { "text-letter-spacing": 0.06 }) },
    label("relief", ["range", "region", "island"], MEDIUM, 12, colours["label-relief"], relief),
    label("country", ["country"], FONT, 14, colours.label, { ...relief, "text-letter-spacing": 0.25 }),
    label("peak", ["peak", "pass"], FONT, 11.5, colours["label-relief"], { "text-field": ["concat", "▴ ", NAME, height] }),
    {
      id: "towns",
      type: "circle",
      ...tiled("label"),
      filter: ["==", ["get", "kind"], "town"],
      minzoom: 7,
      paint: { "circle-radius": 2, "circle-color": colours.land, "circle-stroke-color": colours.label, "circle-stroke-width": 1 },
    },
    label("town", ["town"], FONT, townSize, colours.label, {
      "symbol-sort-key": byPeople,
      "text-variable-anchor": ["left", "right", "top", "bottom"],
      "text-radial-offset": 0.45,
      "text-justify": "auto",
      "text-padding": 4,
    }),
  ];
}

function route(colours) {
  const round = { "line-cap": "round" };
  return [
    line("track-casing", { source: "track" }, { "line-color": colours["route-casing"], "line-width": 6 }, round),
    line("track", { source: "track" }, { "line-color": colours.route, "line-width": 2.75 }, round),
    {
      id: "nights",
      type: "circle",
      source: "nights",
      paint: { "circle-radius": 3.6, "circle-color": colours["route-casing"], "circle-stroke-color": colours.route, "circle-stroke-width": 2 },
    },
  ];
}

// Every degree inside a box; every fifth is `major` and stays when one looks from far away.
export function graticule([west, south, east, north]) {
  const features = [];
  const add = (degree, coordinates) =>
    features.push({ type: "Feature", properties: { kind: degree % 5 ? "minor" : "major" }, geometry: { type: "LineString", coordinates } });
  for (let longitude = Math.floor(west) + 1; longitude < east; longitude++) add(longitude, [[longitude, south], [longitude, north]]);
  for (let latitude = Math.floor(south) + 1; latitude < north; latitude++) add(latitude, [[west, latitude], [east, latitude]]);
  return { type: "FeatureCollection", features };
}
