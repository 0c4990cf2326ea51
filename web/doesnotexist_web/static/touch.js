// A swipe over the picture: to the left another, to the right the last one.

const FAR = 48; // CSS pixels; less is a tap or a slip

export function touch({ another, back }) {
  let start = null;
  addEventListener("touchstart", (event) => {
    const one = event.touches.length === 1 && event.target.closest("#work .mat");
    start = one ? event.touches[0] : null;
  }, { passive: true });
  addEventListener("touchend", (event) => {
    if (!start) return;
    const { clientX, clientY } = event.changedTouches[0];
    const across = clientX - start.clientX;
    if (Math.abs(across) < FAR || Math.abs(across) < 2 * Math.abs(clientY - start.clientY)) return;
    if (event.cancelable) event.preventDefault(); // no click after it
    (across < 0 ? another : back)();
  }, { passive: false });
}
