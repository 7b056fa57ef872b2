// The elevation profile: a cursor moved by pointer, touch or arrow keys, and by the map beside it.
//
// <div class="profile" data-profile-url="…">
//   <div class="profile-plot"> drawn <svg>s … <span class="profile-cursor" hidden></span>
//     <input class="profile-range" type="range" aria-label="…" hidden></div></div>
// <p class="readout" hidden> with [data-km] [data-height] [data-grade] </p>

import { kilometres, number } from "./numbers.js";
import { announceHere, indexAt, loadSamples, viewOf } from "./profile-samples.js";

export function enhance(root) {
  for (const profile of root.querySelectorAll(".profile[data-profile-url]:not([data-live])")) start(profile);
}

async function start(profile) {
  profile.dataset.live = "";
  const view = viewOf(profile);
  const samples = await loadSamples(view).catch(() => null);
  if (!samples) return;

  const plot = profile.querySelector(".profile-plot");
  const range = plot.querySelector(".profile-range");
  const cursor = plot.querySelector(".profile-cursor");
  const readout = view.querySelector(".readout");
  const distances = samples.distance_metres;
  const length = distances.at(-1);
  let pressed = false;

  const show = (index) => {
    const metres = distances[index];
    const words = {
      km: kilometres(metres),
      height: written(samples.elevation_metres[index], 0),
      grade: written(samples.grade_percent[index], 1),
    };
    cursor.style.insetInlineStart = `${(metres / length) * 100}%`;
    range.value = index;
    range.setAttribute("aria-valuetext", `${words.km} km, ${words.height} m, ${words.grade} %`);
    for (const [name, text] of Object.entries(words)) {
      const place = readout?.querySelector(`[data-${name}]`);
      if (place) place.textContent = text;
    }
  };
  const moveTo = (index) => {
    show(index);
    announceHere(profile, samples, index);
  };
  const follow = (event) => {
    const box = plot.getBoundingClientRect();
    const share = Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1);
    moveTo(indexAt(distances, share * length));
  };

  Object.assign(range, { min: 0, max: distances.length - 1, step: 1 });
  for (const element of [range, cursor, readout]) if (element) element.hidden = false;
  range.addEventListener("pointermove", follow);
  range.addEventListener("pointerdown", (event) => {
    pressed = true;
    follow(event);
  });
  for (const end of ["pointerup", "pointercancel"]) range.addEventListener(end, () => (pressed = false));
  // While pressed the pointer says where; the browser's own value leaves half a thumb at the ends.
  range.addEventListener("input", () => !pressed && moveTo(Number(range.value)));
  view.addEventListener("track:here", (event) => event.target !== profile && show(event.detail.index));

  moveTo(highest(samples.elevation_metres));
}

const written = (value, digits) => (value == null ? "–" : number(value, digits));

function highest(heights) {
  return heights.reduce((best, height, index) => ((height ?? -Infinity) > (heights[best] ?? -Infinity) ? index : best), 0);
}
