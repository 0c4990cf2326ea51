// What the page can do beyond its links and its form: the next one is ready before it is asked for,
// and the address is always the permalink.

import { keys } from "./keys.js";
import { openPanel } from "./panel.js";
import { touch } from "./touch.js";
import { trail } from "./trail.js";
import { $, another, go, prepare, read, say } from "./wall.js";

const actions = {
  another,
  back: () => history.back(),
  save: () => $("#save").click(),
  link: copyLink,
  morph: () => $("#morph") && go(read($("#morph").href)).then((hung) => hung && $("#controls [name=step]")?.focus()),
  play: openPanel,
  card: () => $("#card").togglePopover?.(),
  keys: () => $("#keys").togglePopover?.(),
};

let moved = null; // what aborts the reading for a setting that has moved on
let pause = 0;

history.replaceState({}, "", $("link[rel=canonical]").href);
trail();
touch(actions);
keys(actions);
prepare();

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
  else if (event.target.closest("#trail a, #kin .thumb")) go(read(event.target.closest("a").href));
  else return;
  event.preventDefault();
});

addEventListener("popstate", () => go(read(location.href), { push: false }));

$("#controls").addEventListener("input", (event) => {
  const output = $("output", event.target.closest("label"));
  if (output) output.textContent = event.target.value;
  if (!event.target.checkValidity()) return;
  moved?.abort();
  moved = new AbortController();
  clearTimeout(pause);
  const form = $("#controls");
  const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  go(read(address, moved.signal), { push: false, moving: true });
  pause = setTimeout(prepare, 400);
});

$("#controls").addEventListener("submit", (event) => event.preventDefault());
