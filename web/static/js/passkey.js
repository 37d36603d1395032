// Passkeys (ui.PasskeyButton). The button submits its form anyway: with what the passkey has
// signed, or with the reason why it did not, which the server puts into words.
{
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  class Fault extends Error {}

  // asked is what the server asks for: it stands in the page, or is made when it is needed.
  const asked = async (how) => {
    if (!how.startsWith("/")) return JSON.parse(how);
    const answer = await fetch(how, { method: "POST" }).catch(() => null);
    if (!answer?.ok) throw new Fault([429, 503].includes(answer?.status) ? "busy" : "failed");
    return answer.json();
  };

  // The buffers of a question and of its answer travel as base64url.
  const ask = async (how) => {
    if (!window.PublicKeyCredential) throw new Fault("unsupported");
    const { publicKey } = await asked(how);
    const make = "user" in publicKey;
    publicKey.challenge = bytes(publicKey.challenge);
    for (const known of [...(publicKey.allowCredentials ?? []), ...(publicKey.excludeCredentials ?? [])]) known.id = bytes(known.id);
    if (make) publicKey.user.id = bytes(publicKey.user.id);
    const { id, type, response } = await (make ? navigator.credentials.create({ publicKey }) : navigator.credentials.get({ publicKey }));
    const said = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[part]) said[part] = text(response[part]);
    }
    if (make) said.transports = response.getTransports?.() ?? [];
    return { id, rawId: id, type, response: said };
  };

  const faults = { InvalidStateError: "known", NotSupportedError: "unsupported", SecurityError: "address" };
  let asking = false;

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("button[data-passkey]");
    if (!button) return;
    event.preventDefault();
    if (asking) return;
    asking = true;
    const answer = button.form.querySelector(`input[name="${button.id}"]`);
    try {
      answer.value = JSON.stringify(await ask(button.dataset.passkey));
      button.value = "";
    } catch (error) {
      button.value = error instanceof Fault ? error.message : (faults[error.name] ?? "refused");
    } finally {
      asking = false;
    }
    button.form.requestSubmit(button);
    answer.value = ""; // for whoever comes back to this page
    button.value = "script";
  });
}
