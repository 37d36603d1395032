// What htmx leaves open after it has put a new #main in place (ui.Swap). No
// journey needs this file: without script the same forms load whole pages.
{
  const main = () => document.getElementById("main");

  // An answer that is not one of our pages (a proxy's, or none at all) must not
  // replace what the person typed. Nor must a page that says that the service is
  // busy, or its database away: its sentence is shown instead.
  const lost = (sentence) => {
    const notice = document.getElementById("lost").content.firstElementChild.cloneNode(true);
    if (sentence) notice.querySelector("p").lastChild.textContent = sentence;
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
    const page = answer?.fragment.firstElementChild;
    const { request, response } = event.detail.ctx;
    const unavailable = response?.status === 503 && request.method === "POST"; // a page that asked for itself anew has none
    if (page?.id === "main" && !unavailable) return;
    event.preventDefault();
    lost(page?.querySelector("#error-text")?.textContent);
  });

  // A redrawn form keeps the address of the page it came from: the address of a
  // POST may have nothing to show when the page is loaded again. And the same
  // address twice would make the back button do nothing.
  document.addEventListener("htmx:before:history:update", (event) => {
    const { history, response } = event.detail;
    if (response.status >= 400) event.preventDefault();
    else if (history.path === location.pathname + location.search) history.type = "replace";
  });

  // A file that was chosen and not uploaded would be gone with the page that another form
  // leads to: that form waits for a second press, by which the person has decided.
  const tell = (status, what) => {
    status.textContent = what ? status.dataset[what] : "";
    status.classList.toggle("field-error", what === "unsent");
  };
  const statusOf = (input) => input.closest("[data-drop]").querySelector("[role=status]");
  const warned = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.getAttribute("method") !== "post" || !main().contains(form)) return;
    const unsent = [...main().querySelectorAll("[data-drop] input[type=file]")].find((input) =>
      input.files.length && input.form !== form && !warned.has(input) && input.closest("[data-drop]").querySelector("[data-sending]").hidden);
    if (!unsent) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    warned.add(unsent);
    for (let fold = unsent.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    unsent.focus();
    tell(statusOf(unsent), "unsent");
  }, true);
  document.addEventListener("change", ({ target }) => {
    if (target.type !== "file" || !warned.delete(target)) return;
    tell(statusOf(target));
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
      const say = (what) => tell(status, what);
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

  // While a page is looked at, a stream of hints tells when others change what it shows.
  // The page then asks for itself and takes over what differs: focus, scrolling and what
  // is open stay. Where somebody is typing nothing is taken over, and a notice offers it.
  const told = document.createElement("div");
  told.className = "told";
  told.role = "status";
  document.body.append(told);
  const sending = new Set();
  let stream, topic, notice, newest, unnumbered, timer, again, submitted, rest = 0, failures = 0;

  const seen = () => +new URL(main().dataset.live, location).search.slice(1);
  const changedField = (field) =>
    field.options
      ? field.value !== ([...field.options].find((option) => option.defaultSelected) ?? field.options[0])?.value
      : field.name === "case" ? field.checked // a row somebody is about to do something with
      : field.type === "file" ? field.value : field.value !== field.defaultValue || field.checked !== field.defaultChecked;
  const fields = "input:not([type=hidden]), textarea, select";
  const typing = () =>
    main().contains(document.activeElement) && document.activeElement.matches(fields) || [...main().querySelectorAll(fields)].some(changedField);

  // What somebody reads, or sends without seeing it; not what script opens and shows.
  const held = (page) =>
    page.textContent + [...page.querySelectorAll("a, form, button, input, option")].map((e) =>
      [e.getAttribute("href"), e.getAttribute("action"), e.disabled, e.defaultValue, e.defaultChecked, e.defaultSelected]);

  const refresh = async (asked) => {
    timer = 0;
    if (!topic || (!asked && told.firstChild && typing())) return;
    const old = main(), address = location.href.split("#")[0], from = topic, took = newest, nameless = unnumbered;
    const still = () => old === main() && topic === from && !sending.size && address === location.href.split("#")[0];
    unnumbered = false;
    newest = 0;
    rest = Date.now() + 1000;
    timer = -1; // one at a time
    let lost;
    const text = await fetch(address, { headers: { "HX-Request": "true", "Winddown-Refresh": "true" } })
      .then((answer) => ((lost = answer.status === 404), answer.ok && !answer.redirected ? answer.text() : ""))
      .catch(() => "");
    if (topic === from) timer = 0;
    if (lost && topic === from && still()) return gone(asked);
    const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("main");
    if (fresh?.dataset.live) failures = 0;
    else rest = Date.now() + Math.min(60_000, 1000 * 2 ** failures++);
    if (topic === from && !(fresh?.dataset.live && still())) {
      // The stream has told of it and will not again.
      newest = Math.max(newest, took);
      unnumbered ||= nameless;
    } else if (topic === from) {
      fresh.prepend(...[...old.querySelectorAll(":scope > .notice[tabindex]")].map((said) => said.cloneNode(true)));
      for (const field of fresh.querySelectorAll("[autofocus]")) field.autofocus = false;
      const open = [...old.querySelectorAll("details")];
      for (const [i, fold] of fresh.querySelectorAll("details").entries()) fold.open = open[i]?.open;
      if (held(fresh) === held(old)) old.dataset.live = fresh.dataset.live;
      else if (!asked && typing()) told.innerHTML = notice;
      else if ([...old.querySelectorAll("input:is([type=text], [type=search]), textarea")].some((field) => changedField(field) && !fresh.querySelector("#" + CSS.escape(field.id)))) {
        // What was typed would have nowhere to stand.
        window.open(address);
      } else {
        told.replaceChildren();
        await htmx.swap({ text: fresh.outerHTML, target: "#main", swap: "outerMorph show:none", sourceElement: old, request: {}, quiet: !old.contains(document.activeElement) });
      }
    }
    arrange();
  };

  // What the page shows is there no more, or nothing for its reader: he is not left to look at it,
  // unless he is writing something, or on his way.
  const gone = (asked) => {
    leave();
    const address = location.href.split("#")[0];
    if (sending.size || submitted) return;
    if (!typing()) location.replace(address);
    else if (asked) window.open(address);
    else if (notice) told.innerHTML = notice;
  };

  const arrange = () => {
    if (stream && !timer && !sending.size && (unnumbered || newest > seen())) timer = setTimeout(refresh, Math.max(0, rest - Date.now()));
  };

  const leave = () => {
    stream?.close();
    clearTimeout(again);
    stream = undefined;
  };

  const watch = () => {
    const address = document.hidden ? undefined : main().dataset.live;
    const path = address?.split("?")[0];
    if (path !== topic) {
      leave();
      if (timer > 0) clearTimeout(timer);
      timer = newest = 0;
      unnumbered = false;
      topic = path;
      told.replaceChildren();
    }
    arrange();
    if (!path || stream) return;
    const mine = (stream = new EventSource(address));
    mine.addEventListener("hello", ({ data }) => {
      notice = data;
      failures = 0;
      arrange();
    });
    mine.onmessage = ({ data }) => {
      if (data) newest = Math.max(newest, +data);
      else unnumbered = true;
      arrange();
    };
    // Told to go because other tabs have streams enough, the tab comes again when somebody turns to it.
    mine.addEventListener("bye", ({ data }) => (data === "gone" && mine === stream ? gone() : leave()));
    mine.onerror = () => {
      if (mine.readyState !== EventSource.CLOSED || mine !== stream) return;
      leave();
      again = setTimeout(watch, Math.min(60_000, 1000 * 2 ** failures++));
    };
  };
  watch();
  document.addEventListener("visibilitychange", watch);
  for (const type of ["focus", "pageshow"]) addEventListener(type, watch);
  addEventListener("pagehide", leave);
  addEventListener("submit", ({ defaultPrevented }) => (submitted ||= !defaultPrevented));
  addEventListener("pageshow", () => (submitted = false));
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => sending.add(ctx));
  document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    sending.delete(ctx);
    watch();
  });
  told.addEventListener("click", ({ target }) => {
    if (target.closest("[data-show]")) refresh(true);
  });

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

  // Rows of the register are chosen one by one without script; with it all of a page
  // at once, or from one to another with shift.
  const rows = (form) => [...form.querySelectorAll("input[name=case]")];
  let last;
  const tally = () => {
    for (const form of document.querySelectorAll(".bulk")) {
      const n = rows(form).filter((box) => box.checked).length;
      form.querySelector("[data-all]").hidden = false;
      form.querySelector("[data-picked]").textContent = n ? `: ${n}` : "";
    }
  };
  tally();
  addEventListener("pageshow", tally); // the boxes a browser ticks again on the way back
  document.addEventListener("htmx:after:swap", tally);
  document.addEventListener("click", ({ target, shiftKey }) => {
    const form = target.closest(".bulk");
    if (!form) return;
    const boxes = rows(form);
    if (target.closest("[data-all]")) {
      const all = boxes.every((box) => box.checked);
      for (const box of boxes) box.checked = !all;
    } else if (target.name === "case") {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(target)].sort((a, b) => a - b);
      if (shiftKey && from >= 0) for (const box of boxes.slice(from, to)) box.checked = target.checked;
      last = target;
    } else return;
    tally();
  });

  // What is printed is what was typed.
  addEventListener("beforeprint", () => {
    for (const sheet of document.querySelectorAll("[data-typed]")) sheet.textContent = document.getElementById(sheet.dataset.typed).value;
  });

  // htmx focuses [autofocus] itself. Where a page has none and the pressed
  // button is gone, reading goes on from the new content.
  document.addEventListener("htmx:after:swap", ({ detail }) => {
    document.title = main().dataset.title;
    if (document.activeElement === document.body && !detail.ctx.quiet) main().focus({ preventScroll: true });
  });
}
