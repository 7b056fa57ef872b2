// Files on their way: picked or dropped, sent two at a time, each in a row that can be stopped.
//
// <form data-uploads data-tracks-url="…" data-photos-url="…" data-max-track-bytes data-max-photo-bytes
//       data-word-…> .drop with input[type=file multiple], ul.uploads, template[data-upload-row]
// The row of the template has .upload-name, .upload-state with a label and a progress, and [data-stop].

import { refusal } from "./request.js";
import { number } from "./numbers.js";

const AT_ONCE = 2;
const TRACK_ENDINGS = /\.(gpx|fit|tcx)(\.gz)?$/i;
const PHOTO_ENDINGS = /\.(jpe?g|png|webp|heic|heif|avif)$/i;
const MEGABYTE = 1_000_000;

export function enhance(root) {
  for (const form of root.querySelectorAll("form[data-uploads]:not([data-live])")) new Uploads(form);
}

class Uploads {
  constructor(form) {
    form.dataset.live = "";
    this.form = form;
    this.words = form.dataset;
    this.rows = form.querySelector(".uploads");
    this.template = form.querySelector("template[data-upload-row]");
    this.waiting = [];
    this.running = 0;
    const input = form.querySelector(".drop input[type=file]");
    // Sent from here, so the form itself must not send them again.
    input.removeAttribute("name");
    const takeChosen = () => {
      this.take(input.files);
      input.value = "";
    };
    input.addEventListener("change", takeChosen);
    if (input.files.length) queueMicrotask(takeChosen); // chosen before this script was there
    this.acceptDrops(form.querySelector(".drop"));
    addEventListener("beforeunload", (event) => {
      if (this.running || this.waiting.length) event.preventDefault();
    });
  }

  acceptDrops(area) {
    const holdsFiles = (event) => event.dataTransfer?.types.includes("Files");
    for (const kind of ["dragenter", "dragover"])
      area.addEventListener(kind, (event) => {
        if (!holdsFiles(event)) return;
        event.preventDefault();
        area.dataset.over = "";
      });
    area.addEventListener("dragleave", (event) => {
      if (!area.contains(event.relatedTarget)) delete area.dataset.over;
    });
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      delete area.dataset.over;
      this.take(event.dataTransfer.files);
    });
  }

  take(files) {
    for (const file of files) this.waiting.push(this.row(file));
    this.next();
  }

  next() {
    while (this.running < AT_ONCE && this.waiting.length) {
      const upload = this.waiting.shift();
      if (!upload.isStopped) this.start(upload);
    }
  }

  row(file) {
    const element = this.template.content.cloneNode(true).querySelector(".upload");
    const upload = { file, element, isStopped: false };
    element.querySelector(".upload-name").textContent = file.name;
    const stop = element.querySelector("[data-stop]");
    const unseen = stop.querySelector(".unseen");
    if (unseen) unseen.textContent = ` ${file.name}`;
    stop.addEventListener("click", () => {
      upload.isStopped = true;
      upload.request?.abort();
      element.remove();
    });
    this.say(upload, this.words.wordWaiting ?? "Waiting its turn");
    this.rows.append(element);
    return upload;
  }

  start(upload) {
    const { file } = upload;
    const target = this.target(file);
    if (target.refused) return this.refuse(upload, target.refused);

    this.running += 1;
    const request = (upload.request = new XMLHttpRequest());
    request.open("POST", target.url);
    const headers = { Accept: "text/html", "Idempotency-Key": key() };
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.addEventListener("progress", (event) => this.progress(upload, event.loaded, event.total));
    request.addEventListener("load", () => this.finish(upload, request));
    request.addEventListener("error", () =>
      this.refuse(upload, this.words.wordBroken ?? "The connection broke. Drop the file again."),
    );
    request.addEventListener("loadend", () => {
      this.running -= 1;
      this.next();
    });
    const body = new FormData();
    body.append("file", file);
    request.send(body);
    this.progress(upload, 0, file.size);
  }

  target({ name, type, size }) {
    const { tracksUrl, photosUrl, maxTrackBytes, maxPhotoBytes } = this.words;
    const isTrack = TRACK_ENDINGS.test(name);
    const isPhoto = !isTrack && (type.startsWith("image/") || PHOTO_ENDINGS.test(name));
    const most = Number(isTrack ? maxTrackBytes : maxPhotoBytes) || Infinity;
    if (!isTrack && !isPhoto) return { refused: this.words.wordUnknown ?? "Neither a track nor a photograph." };
    if (size > most) return { refused: fill(this.words.wordTooLarge ?? "{size} MB; {most} MB is the most.", { size: megabytes(size), most: megabytes(most) }) };
    return { url: isTrack ? tracksUrl : photosUrl };
  }

  progress({ element }, loaded, total) {
    const state = element.querySelector(".upload-state");
    const bar = state.querySelector("progress");
    const label = state.querySelector("label");
    if (!bar || !label) return;
    bar.hidden = false;
    bar.max = total || 1;
    bar.value = loaded;
    label.textContent =
      loaded < total
        ? fill(this.words.wordProgress ?? "{done} of {total} MB", { done: megabytes(loaded), total: megabytes(total) })
        : (this.words.wordReading ?? "All there, being read");
  }

  finish(upload, request) {
    const { status, responseText } = request;
    if (status >= 200 && status < 300) return this.replace(upload, responseText);
    const sentence = refusal(responseText) || (this.words.wordFailed ?? "The server did not take it ({status}).");
    this.refuse(upload, fill(sentence, { status }));
  }

  // The server's row goes on by itself: htmx asks every second until the file is read.
  replace({ element }, html) {
    const fragment = document.createElement("template");
    fragment.innerHTML = html;
    const row = fragment.content.querySelector(".upload");
    if (!row) return element.remove();
    element.replaceWith(row);
    globalThis.htmx?.process(row);
    this.form.dispatchEvent(new CustomEvent("upload:done", { bubbles: true }));
  }

  refuse(upload, sentence) {
    const { element } = upload;
    element.dataset.kind = "error";
    this.say(upload, sentence);
    const use = element.querySelector(".upload-sight use");
    use?.setAttribute("href", use.getAttribute("href").replace(/#.*/, "#kt-50"));
    const button = element.querySelector("[data-stop]");
    button.firstChild.textContent = this.words.wordDismiss ?? "Dismiss";
  }

  say({ element }, sentence) {
    const state = element.querySelector(".upload-state");
    const bar = state.querySelector("progress");
    const label = state.querySelector("label");
    if (bar) bar.hidden = true;
    (label ?? state).textContent = sentence;
  }
}

const megabytes = (bytes) => number(bytes / MEGABYTE, bytes < 100 * MEGABYTE ? 1 : 0);

const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// randomUUID is only there over HTTPS and on localhost.
function key() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
