// A form that a passkey signs: asks the browser for an assertion over the given challenge, then sends the form.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (char) => char.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

async function sign(form) {
  const asked = JSON.parse(document.getElementById(form.dataset.passkey).textContent);
  const given = await navigator.credentials.get({
    publicKey: {
      challenge: bytes(asked.challenge),
      rpId: asked.rpId,
      allowCredentials: asked.credentials.map((id) => ({ type: "public-key", id: bytes(id) })),
      userVerification: "required",
    },
  });
  const { clientDataJSON, authenticatorData, signature } = given.response;
  form.elements.assertion.value = JSON.stringify({
    rawId: text(given.rawId),
    response: { clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature) },
  });
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  form.addEventListener("submit", async (event) => {
    if (form.elements.assertion.value) return;
    event.preventDefault();
    const said = form.querySelector("[data-passkey-error]");
    said.hidden = true;
    try {
      await sign(form);
      form.requestSubmit();
    } catch {
      said.hidden = false;
    }
  });
});
