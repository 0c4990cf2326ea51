// Keys, for hands that stay on the keyboard. They take nothing from fields, and trap nobody.

const OF = {
  " ": "another",
  ArrowRight: "another",
  ArrowLeft: "back",
  s: "save",
  l: "link",
  m: "morph",
  p: "play",
  i: "card",
  "?": "keys",
};

export function keys(actions) {
  addEventListener("keydown", (event) => {
    if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
    const field = event.target.closest("input, select, textarea, button, summary, a, [popover]");
    if (field && !free(field, event.key)) return;
    const action = OF[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) actions[action]();
  });
}

/** Whether an element has no use of its own for a key: a slider for letters, a button for arrows. */
function free(element, key) {
  const typed = key.length === 1 && key !== " ";
  if (element.type === "range") return !key.startsWith("Arrow");
  if (element.matches("a")) return typed || key.startsWith("Arrow") || key === " ";
  if (element.matches("button, summary, [popover]")) return typed || key.startsWith("Arrow");
  return false;
}
