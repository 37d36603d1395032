// What htmx leaves open after it has put a new #main in place (ui.Swap). No
// journey needs this file: without script the same forms load whole pages.
{
  const main = () => document.getElementById("main");

  // An answer that is not one of our pages (a proxy's, or none at all) must not
  // replace what the person typed.
  const lost = () => {
    const notice = document.getElementById("lost").content.firstElementChild.cloneNode(true);
    notice.id = "lost-notice";
    document.getElementById("lost-notice")?.remove();
    main().prepend(notice);
    notice.focus();
  };

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) lost();
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const answer = event.detail.tasks.find((task) => task.type === "main");
    if (answer?.fragment.firstElementChild?.id === "main") return;
    event.preventDefault();
    lost();
  });

  // A redrawn form keeps the address of the page it came from: the address of a
  // POST may have nothing to show when the page is loaded again. And the same
  // address twice would make the back button do nothing.
  document.addEventListener("htmx:before:history:update", (event) => {
    const { history, response } = event.detail;
    if (response.status >= 400) event.preventDefault();
    else if (history.path === location.pathname + location.search) history.type = "replace";
  });

  // htmx focuses [autofocus] itself. Where a page has none and the pressed
  // button is gone, reading goes on from the new content.
  document.addEventListener("htmx:after:swap", () => {
    document.title = main().dataset.title;
    if (document.activeElement === document.body) main().focus({ preventScroll: true });
  });
}
