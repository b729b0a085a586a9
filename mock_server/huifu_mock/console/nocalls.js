// What the list of calls shows while there is none: how to send the first.
import { api, get, tenantPath } from "./api.js";
import { CLOSE, closeData, firstClose, fresh } from "./closing.js";
import { curlHuifu, curlTenant } from "./commands.js";
import { huifuDay, now } from "./format.js";
import { Code, Empty, html, useEffect, useState } from "./parts.js";
import { go, route, t } from "./store.js";

export function NoCalls() {
  const [command, setCommand] = useState("");
  useEffect(() => {
    let here = true;
    exampleClose().then((made) => here && setCommand(made)).catch(() => {});
    return () => { here = false; };
  }, [route.tenant]);
  return html`<${Empty} icon="link" title=${t("noCalls")}><p>${t("noCallsHow")}</p>
    <div class="buttons center"><button type="button" class="button primary" onClick=${firstClose}>${t("sendFirst")}</button>
      <button type="button" class="button" onClick=${() => go({ view: "connect" })}>${t("howConnect")}</button></div>
    ${command ? html`<${Code} text=${command} label="curl" />` : null}<//>`;
}

// A signed close of an order that is there and open, as a command to paste; where there is none, one that seeds it first.
async function exampleClose() {
  const { items } = await get("/orders?trans_stat=P&settle=immediate");
  const order = items.find((one) => one.age_seconds >= 60 && !/^[UD]_/.test(one.trade_type));
  if (order) return curlClose(order);
  const made = { req_seq_id: fresh("order"), req_date: huifuDay(now()) };
  const { huifu_id: merchant } = await get("");
  return `${curlTenant("POST", "/orders", made)}\n${await curlClose({ ...made, huifu_id: merchant })}`;
}

async function curlClose(order) {
  const { body } = await api("POST", tenantPath("/sign"), { data: closeData(order) });
  return curlHuifu(CLOSE, body);
}
