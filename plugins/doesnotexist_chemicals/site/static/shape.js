// A molecule in space, when somebody asks for it: only then is the viewer fetched, from this site.
// The page replaces its parts as it goes on, so this listens at the document.

let viewer = null; // the promise of 3Dmol.js

function load(address) {
  viewer ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(globalThis.$3Dmol);
    script.onerror = () => reject(new Error("the viewer did not come"));
    document.head.append(script);
  });
  return viewer;
}

async function show(button) {
  const place = button.closest(".molecule").querySelector(".shape");
  button.disabled = true;
  try {
    const [mol3d, response] = await Promise.all([load(button.dataset.viewer), fetch(button.dataset.shape)]);
    if (!response.ok) throw new Error((await response.json()).detail);
    place.hidden = false;
    const stage = mol3d.createViewer(place, { backgroundAlpha: 0, disableFog: true });
    if (!stage) throw new Error("this browser shows nothing in space (no WebGL)");
    stage.addModel(await response.text(), "sdf");
    stage.setStyle({}, { stick: { radius: 0.13, colorscheme: "Jmol" }, sphere: { scale: 0.23, colorscheme: "Jmol" } });
    stage.zoomTo();
    stage.render();
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) stage.spin("y", 0.4);
    button.hidden = true;
  } catch (error) {
    place.hidden = false;
    place.textContent = error.message;
    button.disabled = false;
  }
}

async function copy(button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = "Copied";
  } catch {
    button.textContent = button.dataset.copy; // no clipboard without https: to be copied by hand
    return;
  }
  setTimeout(() => (button.textContent = before), 1500);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".molecule button");
  if (button?.dataset.shape) show(button);
  else if (button?.dataset.copy) copy(button);
});
