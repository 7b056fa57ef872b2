// The samples along a track, fetched once for the profile and the map that stand together.

const loaded = new WeakMap();

// Profile and map find each other inside the same .track.
export const viewOf = (element) => element.closest(".track") ?? document.body;

// {distance_metres, elevation_metres, grade_percent, coordinates}, or null without a profile.
export function loadSamples(view) {
  if (!loaded.has(view)) loaded.set(view, load(view.querySelector("[data-profile-url]")));
  return loaded.get(view);
}

// Several addresses (one per track, space between) are one ride, each going on where the last ended.
async function load(profile) {
  if (!profile) return null;
  const parts = await Promise.all(profile.dataset.profileUrl.split(/\s+/).filter(Boolean).map(fetchPart));
  const all = { distance_metres: [], elevation_metres: [], grade_percent: [], coordinates: [] };
  for (const part of parts) {
    const ridden = all.distance_metres.at(-1) ?? 0;
    all.distance_metres.push(...part.distance_metres.map((metres) => metres + ridden));
    all.elevation_metres.push(...part.elevation_metres);
    all.grade_percent.push(...part.grade_percent);
    all.coordinates.push(...part.coordinates);
  }
  return all.distance_metres.length > 1 ? all : null;
}

async function fetchPart(url) {
  const response = await fetch(url, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return response.json();
}

// Index of the sample nearest to a distance; the distances do not fall.
export function indexAt(distances, metres) {
  let low = 0;
  let high = distances.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (distances[middle] < metres) low = middle + 1;
    else high = middle;
  }
  return low > 0 && metres - distances[low - 1] < distances[low] - metres ? low - 1 : low;
}

export function announceHere(element, samples, index) {
  const [lon, lat] = samples.coordinates[index];
  const detail = { index, lon, lat, distance_metres: samples.distance_metres[index] };
  element.dispatchEvent(new CustomEvent("track:here", { bubbles: true, detail }));
}
