// What the page can do beyond its links and its form: the next one is ready before it is asked for,
// and the address is always the permalink.

import { keys } from "./keys.js";
import { openPanel } from "./panel.js";
import { touch } from "./touch.js";
import { trail } from "./trail.js";
import { $, another, go, prepare, read, say, watch } from "./wall.js";

const actions = {
  another,
  back: () => history.back(),
  save: () => $("#save").click(),
  link: copyLink,
  morph,
  play: openPanel,
  card: () => $("#card").togglePopover?.(),
  keys: () => $("#keys").togglePopover?.(),
};

let turning = false; // whether a setting is being read; what it moved on to meanwhile is read after it
let moved = false;
let pause = 0;

history.replaceState({}, "", $("link[rel=canonical]").href);
trail();
touch(actions);
keys(actions);
prepare();

async function morph() {
  const way = $("#morph");
  if (way && (await go(read(way.href)))) $("#controls [name=step]")?.focus({ preventScroll: true });
}

async function copyLink() {
  const link = $("#link");
  try {
    await navigator.clipboard.writeText(link.href);
    say("Link copied");
  } catch {
    say(link.href); // no clipboard without https: show it, to be copied by hand
  }
}

addEventListener("click", (event) => {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const name = event.target.closest("#another, #link, #morph, #play")?.id;
  if (name) actions[name]();
  else if (event.target.closest("#work .mat")) another();
  else if (event.target.closest("#films [data-loop]")) watch(event.target.href);
  else if (event.target.closest("#trail a, #kin .thumb")) go(read(event.target.closest("a").href));
  else return;
  event.preventDefault();
});

addEventListener("popstate", () => go(read(location.href), { push: false }));

$("#controls").addEventListener("input", (event) => {
  const output = $("output", event.target.closest("label"));
  if (output) output.textContent = event.target.value;
  if (event.target.checkValidity()) turn();
});

$("#controls").addEventListener("submit", (event) => event.preventDefault());

/** Show what the settings say: one reading at a time, each to its end, so a drawn slider shows its way. */
async function turn() {
  moved = true;
  if (turning) return;
  turning = true;
  clearTimeout(pause);
  while (moved) {
    moved = false;
    const form = $("#controls");
    const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
    await go(read(address), { push: false, moving: true });
  }
  turning = false;
  pause = setTimeout(prepare, 400);
}
