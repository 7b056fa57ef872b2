// What is marked on a live map besides the track: places with their names, ways that were not ridden.
//
// <div class="map" data-track data-waypoints-url="…" data-transfers-url="…">

import { readTokens } from "./map-style.js";

const MOST_NAMED = 12; // more names would hide each other; they show when asked

export function drawMarks(maplibre, map, element) {
  return Promise.all([drawPlaces(maplibre, map, element), drawTransfers(map, element)]);
}

async function drawPlaces({ Marker }, map, element) {
  const { waypointsUrl } = element.dataset;
  if (!waypointsUrl) return;
  const { features } = await fetchJson(waypointsUrl);
  element.toggleAttribute("data-names", features.length <= MOST_NAMED);
  for (const feature of features) new Marker({ element: place(feature), anchor: "center" }).setLngLat(feature.geometry.coordinates).addTo(map);
}

async function drawTransfers(map, element) {
  const { transfersUrl } = element.dataset;
  if (!transfersUrl) return;
  const data = await fetchJson(transfersUrl);
  for (const { geometry } of data.features) geometry.coordinates = shorter(geometry.coordinates);
  map.addSource("transfers", { type: "geojson", data });
  const paint = { "line-color": readTokens(element).route, "line-width": 2, "line-dasharray": [1, 2.5] };
  map.addLayer({ id: "transfers", source: "transfers", type: "line", layout: { "line-cap": "round" }, paint }, "track-casing");
  const recolour = () => map.setPaintProperty("transfers", "line-color", readTokens(element).route);
  new MutationObserver(recolour).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
}

// The way across 180° rather than round the world.
function shorter([begin, end]) {
  return [begin, [end[0] + 360 * Math.round((begin[0] - end[0]) / 360), end[1]]];
}

function place({ properties: { name, kind, note } }) {
  const mark = document.createElement("span");
  mark.className = "map-place";
  mark.tabIndex = 0;
  mark.title = [kind, note].filter(Boolean).join(": ");
  const label = Object.assign(document.createElement("span"), { className: "map-place-name", dir: "auto", textContent: name || kind });
  mark.append(label);
  return mark;
}

async function fetchJson(url) {
  const response = await fetch(url, { headers: { Accept: "application/geo+json, application/json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}
