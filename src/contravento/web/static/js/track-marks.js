// What is marked on a live map besides the track: places with their names.
//
// <div class="map" data-track data-waypoints-url="…">

const MOST_NAMED = 12; // more names would hide each other; they show when asked

export async function drawMarks({ Marker }, map, element) {
  const { waypointsUrl } = element.dataset;
  if (!waypointsUrl) return;
  const { features } = await fetchJson(waypointsUrl);
  element.toggleAttribute("data-names", features.length <= MOST_NAMED);
  for (const feature of features) new Marker({ element: place(feature), anchor: "center" }).setLngLat(feature.geometry.coordinates).addTo(map);
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
