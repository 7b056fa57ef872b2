// What every page does; asks for the larger modules where the page has use for them.

const LARGER = [
  [".map[data-track]", () => import("./track-map.js")],
  [".profile[data-profile-url]", () => import("./profile.js")],
  ["form[data-uploads]", () => import("./uploads.js")],
  ["form[data-editor]", () => import("./editor.js")],
];

// Everything below may meet the same element twice: after htmx brought something new, `root` is it.
function enhance(root) {
  setShares(root);
  for (const list of all(root, "[role=tablist]:not([data-ready])")) startTabs(list);
  for (const output of all(root, "[data-retry]:not([data-ready])")) startRetry(output);
  for (const [hook, load] of LARGER) if (all(root, hook).length) load().then((module) => module.enhance(document));
}

function all(root, hook) {
  const inside = [...root.querySelectorAll(hook)];
  return root instanceof Element && root.matches(hook) ? [root, ...inside] : inside;
}

// -- bars: <span class="bar" data-share="0.48" data-block="21.2">1,180 km</span>
function setShares(root) {
  for (const bar of all(root, "[data-share]")) {
    bar.style.setProperty("--share", bar.dataset.share);
    if (bar.dataset.block) bar.style.setProperty("--block", `${bar.dataset.block}%`);
  }
}

// -- theme: buttons with data-set-theme; theme.js applied the choice before the first paint
function showTheme() {
  const chosen = document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("[data-set-theme]"))
    button.setAttribute("aria-pressed", String(button.dataset.setTheme === chosen));
}

function setTheme(name) {
  const root = document.documentElement;
  const isOff = root.dataset.theme === name;
  if (isOff) delete root.dataset.theme;
  else root.dataset.theme = name;
  try {
    if (isOff) localStorage.removeItem("theme");
    else localStorage.setItem("theme", name);
  } catch {
    // A browser that keeps nothing still shows the theme on this page.
  }
  showTheme();
}

// -- tabs
function startTabs(list) {
  list.dataset.ready = "";
  const tabs = [...list.querySelectorAll("[role=tab]:not(:disabled)")];
  const show = (tab) => {
    for (const each of tabs) {
      const chosen = each === tab;
      each.setAttribute("aria-selected", String(chosen));
      each.tabIndex = chosen ? 0 : -1;
      const panel = document.getElementById(each.getAttribute("aria-controls"));
      if (!panel) continue;
      panel.hidden = !chosen;
      if (chosen) panel.dispatchEvent(new CustomEvent("tab:shown", { bubbles: true }));
    }
    tab.focus();
  };
  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]:not(:disabled)");
    if (tab) show(tab);
  });
  list.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) show(tabs.at((tabs.indexOf(document.activeElement) + step) % tabs.length));
  });
}

// -- outage: <output data-retry>20</output> counts down, then looks whether the page is back
function startRetry(output) {
  output.dataset.ready = "";
  const full = Number(output.textContent) || 20;
  let left = full;
  setInterval(async () => {
    left -= 1;
    if (left >= 0) output.textContent = String(left);
    if (left !== 0) return;
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
    if (answer?.ok) location.reload();
    else left = full + 1;
  }, 1000);
}

// -- dialogs, copies, dismissals: one listener for the page
document.addEventListener("click", (event) => {
  const chosen = event.target.closest("[data-set-theme], [data-dialog], [data-close], [data-copy], [data-dismiss]");
  if (!chosen) return;
  const { setTheme: theme, dialog, close, copy, dismiss } = chosen.dataset;
  if (theme) setTheme(theme);
  if (dialog !== undefined) openDialog(event, dialog);
  if (close !== undefined) chosen.closest("dialog")?.close();
  if (copy !== undefined) copyText(chosen, copy);
  if (dismiss !== undefined) chosen.closest(".notice, .upload")?.remove();
});

// Without a script the button is a link or a submit to a page that asks the same.
function openDialog(event, id) {
  const dialog = document.getElementById(id);
  if (!dialog?.showModal) return;
  event.preventDefault();
  dialog.showModal();
}

async function copyText(button, copy) {
  const source = copy.startsWith("#") ? document.querySelector(copy) : null;
  await navigator.clipboard.writeText(source ? (source.value ?? source.textContent).trim() : copy);
  if (!button.dataset.copied) return;
  const before = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = before), 2000);
}

// -- htmx: our header along, and the same care for what it brings
document.addEventListener("htmx:load", ({ detail }) => enhance(detail.elt));

showTheme();
enhance(document);
