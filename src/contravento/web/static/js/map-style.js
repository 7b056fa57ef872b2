// The map style of the identity: tokens in, MapLibre's style out.

const TOKENS = ["water", "land", "coast", "graticule", "border", "route", "route-casing"];

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

export const nothing = { type: "FeatureCollection", features: [] };

export function buildStyle(colours, { world, sheet, tiles }) {
  const geojson = (data) => ({ type: "geojson", data, tolerance: 0.2 });
  const sources = {
    world: geojson(world),
    sheet: geojson(sheet ?? nothing),
    graticule: geojson(graticule([-180.5, -80, 180, 80])),
    "sheet-graticule": geojson(sheet?.bbox ? graticule(sheet.bbox) : nothing),
    track: geojson(nothing),
    nights: geojson(nothing),
  };
  if (tiles) sources.tiles = { type: "raster", tiles: [tiles], tileSize: 256 };
  return { version: 8, sources, layers: layers(colours, Boolean(tiles)) };
}

export function layers(colours, withTiles) {
  const line = (id, source, kind, paint, layout = {}) => ({
    id,
    source,
    type: "line",
    ...(kind && { filter: ["==", ["get", "kind"], kind] }),
    layout: { "line-join": "round", ...layout },
    paint,
  });
  const fill = (id, source, kind, colour) => ({
    id,
    source,
    type: "fill",
    filter: ["==", ["get", "kind"], kind],
    paint: { "fill-color": colour, "fill-antialias": false },
  });
  const border = { "line-color": colours.border, "line-width": 1, "line-dasharray": [7, 3, 1.5, 3] };
  const meridian = { "line-color": colours.graticule, "line-width": 1 };
  const shore = { "line-color": colours.coast, "line-width": 1 };
  const butt = { "line-cap": "butt" };
  const round = { "line-cap": "round" };
  return [
    { id: "background", type: "background", paint: { "background-color": colours.water } },
    line("graticule", "graticule", "major", meridian),
    { ...line("graticule-minor", "graticule", "minor", meridian), minzoom: MINOR_FROM_ZOOM },
    fill("world-land", "world", "land", colours.land),
    line("world-coast", "world", "land", shore),
    line("world-border", "world", "border", border, butt),
    // Near the track the finer sheet covers the coarse world, sea included.
    fill("sheet-sea", "sheet", "sheet", colours.water),
    line("sheet-graticule", "sheet-graticule", "major", meridian),
    { ...line("sheet-graticule-minor", "sheet-graticule", "minor", meridian), minzoom: MINOR_FROM_ZOOM },
    fill("sheet-land", "sheet", "land", colours.land),
    line("sheet-coast", "sheet", "coast", shore),
    line("sheet-border", "sheet", "border", border, butt),
    ...(withTiles
      ? [{ id: "tiles", type: "raster", source: "tiles", paint: { "raster-brightness-max": colours.isNight ? 0.72 : 1, "raster-fade-duration": 0 } }]
      : []),
    line("track-casing", "track", null, { "line-color": colours["route-casing"], "line-width": 6 }, round),
    line("track", "track", null, { "line-color": colours.route, "line-width": 2.75 }, round),
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
