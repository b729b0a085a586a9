// A new tenant, and what is done to one as a whole only when it was asked for twice.
import { api, post, tenantPath } from "./api.js";
import { clearAll } from "./calls.js";
import { begin, leave, totalCalls, watch } from "./data.js";
import { Dialog, Field, html, useState } from "./parts.js";
import { go, route, state, t, toast, update } from "./store.js";
import { NOTHING_CHOSEN, called, showTenant } from "./tenants.js";

export function TenantDialog() {
  const [problem, setProblem] = useState("");
  const done = () => update({ dialog: null });
  const submit = async (event) => {
    event.preventDefault();
    const name = new FormData(event.target).get("name").trim();
    try {
      const made = await api("POST", "/_mock/tenants", name ? { name } : {});
      update({ tenants: [...state.tenants, made.sys_id], names: { ...state.names, [made.sys_id]: name } });
      done();
      showTenant(made.sys_id);
      toast(t("tenantMade", { id: called(made.sys_id) }));
    } catch (error) { setProblem(error.message); }
  };
  return html`<${Dialog} title=${t("newTenant")} onClose=${done}><form class="form" onSubmit=${submit}>
    <${Field} label=${t("tenantName")} hint=${t("tenantNameHow")}><input name="name" maxlength="128" autocomplete="off" autofocus /><//>
    ${problem ? html`<p class="problem" role="alert">${problem}</p>` : null}
    <div class="buttons end"><button type="button" class="button" onClick=${done}>${t("cancel")}</button><button type="submit" class="button primary">${t("makeTenant")}</button></div>
  </form><//>`;
}

async function drop() {
  leave(); // or the page would hear that its tenant is gone, and complain
  try { await api("DELETE", tenantPath()); } catch (error) { watch(); throw error; }
  go({ ...NOTHING_CHOSEN, tenant: "" }, { replace: true });
  await begin();
}

// What everybody who uses the tenant loses for good.
const ASKED = {
  reset: { title: "resetTenant", text: "resetSure", said: "resetDone", act: async () => { await post("/reset"); watch(); } },
  drop: { title: "dropTenant", text: "dropSure", said: "dropDone", act: drop },
  clear: { title: "clearCalls", text: "clearSure", said: "clearDone", act: clearAll },
};

export function AskedDialog() {
  const { title, text, said, act } = ASKED[state.dialog];
  const given = { id: called(route.tenant), n: totalCalls() };
  const done = () => update({ dialog: null });
  const sure = async () => {
    try {
      await act();
      done();
      toast(t(said, given));
    } catch (error) { toast(t("failed", { why: error.message }), "bad"); }
  };
  return html`<${Dialog} title=${t(title)} onClose=${done}><p>${t(text, given)}</p><div class="buttons end">
    <button type="button" class="button" onClick=${done}>${t("cancel")}</button><button type="button" class="button danger" onClick=${sure}>${t(title)}</button></div><//>`;
}
