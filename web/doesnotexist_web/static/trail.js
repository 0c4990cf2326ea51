// The last few that hung on the wall, newest first: each a link to its page.

import { $ } from "./wall.js";

const PLACES = 6;

export function trail() {
  const list = $("#trail");
  list.append(...Array.from({ length: PLACES }, () => document.createElement("li")));
  document.addEventListener("hung", ({ detail: { left } }) => {
    if (!left) return;
    const place = document.createElement("li");
    const link = document.createElement("a");
    link.href = left.address;
    left.picture.removeAttribute("fetchpriority");
    link.append(left.picture);
    place.append(link);
    list.prepend(place);
    list.lastChild.remove();
  });
}
