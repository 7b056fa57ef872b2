// The editor: the preview behind its tab, drafts saved while one writes, tags as chips.
//
// <form data-editor data-preview-url="…" data-autosave-url="…">
//   [data-save-status]  input[name=updated_at]  #publishing  textarea[name=story]
//   the preview's panel [data-preview]
//   <div data-tags data-most="10" data-word-remove="Remove {tag}"> <input name="tags" value="a, b"> </div>

import { send, sentenceOf } from "./request.js";

const PAUSE_MILLISECONDS = 1200;
const RETRY_MILLISECONDS = 8000;

export function enhance(root) {
  for (const form of root.querySelectorAll("form[data-editor]:not([data-started])")) {
    form.dataset.started = "";
    for (const field of form.querySelectorAll("[data-tags]")) startTags(field);
    if (form.dataset.previewUrl) startPreview(form);
    if (form.dataset.autosaveUrl) startAutosave(form);
  }
}

function startPreview(form) {
  const panel = form.querySelector("[data-preview]");
  const story = form.elements.story;
  let shown = null;
  panel.addEventListener("tab:shown", async () => {
    if (story.value === shown) return;
    panel.setAttribute("aria-busy", "true");
    try {
      const response = await send(form.dataset.previewUrl, new URLSearchParams({ story: story.value }));
      // Cleaned on the server, as the published page is.
      panel.innerHTML = await response.text();
      shown = story.value;
    } catch (error) {
      panel.textContent = sentenceOf(error, form.dataset.wordNoPreview ?? "No preview just now.");
    }
    panel.removeAttribute("aria-busy");
  });
}

function startAutosave(form) {
  const status = form.querySelector("[data-save-status]");
  let timer = 0;
  let saving = null;
  let isDirty = false;

  let checklist = null;
  const show = ({ saved, updated_at, publishing }) => {
    status.textContent = saved;
    delete status.dataset.failed;
    form.elements.updated_at.value = updated_at;
    if (publishing !== checklist) document.getElementById("publishing").outerHTML = publishing;
    checklist = publishing;
  };
  const refuse = (error) => {
    isDirty = true;
    status.textContent = sentenceOf(error, form.dataset.wordNotSaved ?? "Not saved yet; trying again.");
    status.dataset.failed = "";
    later(RETRY_MILLISECONDS);
  };
  const save = () => {
    clearTimeout(timer);
    if (saving) return later(PAUSE_MILLISECONDS);
    isDirty = false;
    saving = send(form.dataset.autosaveUrl, fields(form))
      .then((response) => response.json())
      .then(show)
      .catch(refuse)
      .finally(() => (saving = null));
  };
  const later = (milliseconds) => {
    clearTimeout(timer);
    timer = setTimeout(save, milliseconds);
  };

  // What a row of the uploads says of publishing may be older than what was just saved.
  document.addEventListener("htmx:oobAfterSwap", () => {
    checklist = null;
    later(PAUSE_MILLISECONDS);
  });
  form.addEventListener("input", (event) => {
    if (event.target.type === "file") return;
    isDirty = true;
    later(PAUSE_MILLISECONDS);
  });
  const { title, story } = form.elements;
  if ([title, story].some((field) => field.value !== field.defaultValue)) {
    isDirty = true; // typed before this script was there
    later(PAUSE_MILLISECONDS);
  }
  form.addEventListener("submit", (event) => {
    isDirty = false;
    clearTimeout(timer);
    if (!saving) return;
    // Its answer says how fresh the form is; sent before that, it would seem to come from another window.
    event.preventDefault();
    saving.then(() => form.requestSubmit(event.submitter));
  });
  addEventListener("beforeunload", (event) => isDirty && event.preventDefault());
}

function fields(form) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") body.append(name, value);
  return body;
}

// Chips stand above the entry; the plain, comma-separated input goes on holding the value.
function startTags(field) {
  const plain = field.querySelector("input[name]");
  const most = Number(field.dataset.most) || 10;
  const list = document.createElement("ul");
  list.className = "tags";
  const entry = plain.cloneNode();
  entry.removeAttribute("name");
  entry.value = "";
  plain.removeAttribute("id");
  plain.type = "hidden";
  plain.before(list, entry);

  const tags = () => plain.value.split(",").map((tag) => tag.trim()).filter(Boolean);
  const set = (chosen) => {
    plain.value = [...new Set(chosen)].slice(0, most).join(", ");
    draw();
    plain.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const draw = () => {
    list.replaceChildren(...tags().map((tag) => chip(tag, field.dataset.wordRemove, () => {
      set(tags().filter((each) => each !== tag));
      entry.focus();
    })));
    list.hidden = !list.children.length;
    entry.disabled = list.children.length >= most;
  };
  const takeEntry = () => {
    if (entry.value.trim()) set([...tags(), ...entry.value.split(",").map((tag) => tag.trim()).filter(Boolean)]);
    entry.value = "";
  };

  entry.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === ",") {
      event.preventDefault();
      takeEntry();
    } else if (event.key === "Backspace" && !entry.value) set(tags().slice(0, -1));
  });
  entry.addEventListener("change", takeEntry);
  entry.addEventListener("input", (event) => event.stopPropagation());
  draw();
}

function chip(tag, words = "Remove {tag}", remove) {
  const item = document.createElement("li");
  item.className = "tag";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "×";
  button.ariaLabel = words.replace("{tag}", tag);
  button.addEventListener("click", remove);
  item.append(`${tag} `, button);
  return item;
}
