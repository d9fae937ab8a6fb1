// A formula that scrolls, as wide ones do on a phone, can be reached and moved with the keyboard.
function reachFormulas() {
  for (const formula of document.querySelectorAll('mjx-container[display="true"]')) {
    if (formula.scrollWidth > formula.clientWidth) {
      formula.tabIndex = 0;
    } else {
      formula.removeAttribute("tabindex");
    }
  }
}

window.addEventListener("load", () => {
  window.MathJax?.startup?.promise.then(reachFormulas);
  window.addEventListener("resize", reachFormulas);
});
