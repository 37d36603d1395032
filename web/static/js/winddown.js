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

  // How far an upload has come only XMLHttpRequest tells; it stands in for fetch,
  // and the answer goes the way of every other. A large file may take its time.
  document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
    const form = ctx.request.form;
    if (!form?.hasAttribute("data-upload")) return;
    ctx.request.timeout = 0;
    ctx.fetch = (address, request) => new Promise((resolve, reject) => {
      const sending = form.querySelector("[data-sending]");
      const [bar, stop] = sending.querySelectorAll("progress, button");
      const status = sending.previousElementSibling;
      const say = (what) => (status.textContent = status.dataset[what]);
      const xhr = new XMLHttpRequest();
      xhr.open(request.method, address);
      for (const name in request.headers) xhr.setRequestHeader(name, request.headers[name]);
      xhr.upload.onprogress = ({ loaded, total }) => {
        if (loaded < total) bar.value = loaded / total;
      };
      // All sent: the server still checks and keeps, for who knows how long.
      xhr.upload.onload = () => {
        bar.removeAttribute("value");
        say("sent");
      };
      xhr.onload = () => resolve({ status: xhr.status, url: xhr.responseURL, headers: new Headers(), text: () => xhr.responseText });
      xhr.onerror = () => {
        say("failed");
        reject(new TypeError("no answer"));
      };
      xhr.onabort = () => {
        say("stopped");
        reject(new DOMException("stopped", "AbortError"));
        request.submitter?.focus();
      };
      xhr.onloadend = () => (sending.hidden = true);
      request.signal.onabort = () => xhr.abort();
      stop.onclick = () => request.abort();
      bar.removeAttribute("value");
      sending.hidden = false;
      say("start");
      xhr.send(request.body);
    });
  });

  // An upload draws its page anew. Files are attached in the middle of answering the
  // question of the step: what is typed there stays.
  document.addEventListener("htmx:before:swap", (event) => {
    if (event.defaultPrevented || !event.detail.ctx.request.form?.hasAttribute("data-upload")) return;
    const typed = [...main().querySelectorAll("form:not([data-upload]) :is(input:not([type=hidden], [type=file]), textarea)")].filter(
      (field) => field.value !== field.defaultValue || field.checked !== field.defaultChecked,
    );
    const keep = () => {
      for (const was of typed) {
        for (const field of document.getElementsByName(was.name)) {
          if (field.form?.getAttribute("action") !== was.form.getAttribute("action")) continue;
          if (was.type !== "radio" && was.type !== "checkbox") field.value = was.value;
          else if (field.value === was.value) field.checked = was.checked;
        }
      }
    };
    document.addEventListener("htmx:after:swap", keep, { once: true });
  });

  // Files dropped on a field are its choice. Beside it the browser would leave
  // the page to show them.
  for (const type of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(type, (event) => {
      if (!event.dataTransfer.types.includes("Files") || !document.querySelector("[data-drop]")) return;
      event.preventDefault();
      const field = event.target.closest?.("[data-drop]");
      document.querySelector("[data-over]")?.removeAttribute("data-over");
      if (type === "dragover") {
        event.dataTransfer.dropEffect = field ? "copy" : "none";
        field?.setAttribute("data-over", "");
      } else if (type === "drop" && field) {
        const input = field.querySelector("input[type=file]");
        const chosen = new DataTransfer();
        for (const file of event.dataTransfer.files) if (input.multiple || !chosen.items.length) chosen.items.add(file);
        input.files = chosen.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  }

  // Without script a text is selected by hand: its copy button shows only with it.
  const showCopy = () => document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
  showCopy();
  document.addEventListener("htmx:after:swap", showCopy);
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const said = button.parentElement.querySelector("[role=status]");
    const field = document.getElementById(button.dataset.copy);
    said.textContent = "";
    let done = await navigator.clipboard?.writeText(field.value).then(() => true, () => false);
    if (!done) {
      // Away from https browsers offer only the old way, which copies what is selected.
      field.select();
      done = document.execCommand("copy");
    }
    said.textContent = done ? said.dataset.done : said.dataset.failed;
  });

  // What is printed is what was typed.
  addEventListener("beforeprint", () => {
    for (const sheet of document.querySelectorAll("[data-typed]")) sheet.textContent = document.getElementById(sheet.dataset.typed).value;
  });

  // htmx focuses [autofocus] itself. Where a page has none and the pressed
  // button is gone, reading goes on from the new content.
  document.addEventListener("htmx:after:swap", () => {
    document.title = main().dataset.title;
    if (document.activeElement === document.body) main().focus({ preventScroll: true });
  });
}
