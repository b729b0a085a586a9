"""Made mutants that no case may kill, because they do nothing wrong: patterns of names, each with its reason."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

_REFUSED = "a close of a number with a control character in it is refused, so no closequery with such a number follows"
EQUIVALENT: dict[str, str] = {
    "controls-removed(*) in closequery*": _REFUSED,
    "delete-removed(*) in closequery*": _REFUSED,
    "ended-at-nul(*) in closequery*": _REFUSED,
    "tabs-made-blanks(*) in closequery*": _REFUSED,
    "line-ends-unified(*) in closequery*": _REFUSED,
    "next-day(req_date) in closequery, both": "which day it is depends on the zone, and the page names none: "
    "one day more or less than in Beijing is recorded by request/date-in-china-time and not judged",
}
"""`*` stands for any text in a name."""


def reason(name: str) -> str:
    """Why a mutant of that name is as right as the reference; empty if it is not."""
    return next((why for pattern, why in EQUIVALENT.items() if fnmatchcase(name, pattern)), "")


_AGAIN = (
    "the same close is sent again, or the state asked for once more: what is claimed still rests on a genuine reply"
)
_MOST = "no reply of the gateway is a megabyte long; where a client stops reading is its own choice"
_RESEND = 'decide.query: return "not_closed" if standing == "refused" else "resend" -> …standing '
_READ = "wire.post: received = response.read(MOST + 1) -> received = response.read(MOST "
_OWN = "how often, how soon and how long a client asks within its bounds is its own choice"
_FIRST = "no other operation and no other standing sorts before it, and Python keeps one object for each such text"
_PATIENCE = "client.Client.close: self.max_attempts, decide.PATIENCE.get(standing, attempt + 1) -> "
_FROZEN = "nothing assigns to its members once it is made"
_ENDS = "the process ends with `bye` all the same, a second later at most"
_OWN_CALLS = "how many calls it takes at once is its own choice"
_ONE_OBJECT = "Python keeps one object for each such character and each small number, so both say the same"
_LENGTHS = "what is too long may be sent whole, and the refusal believed"
SOURCE: dict[str, str] = {
    'decide.query: case "F" if code == "23000001": -> …': _AGAIN,
    f'{_RESEND}> "refused"…': _AGAIN,
    f'{_RESEND}>= "refused"…': "no standing that sorts behind `refused` leads to a closequery",
    f'{_RESEND}is "refused"…': "Python keeps one object for each such text of a source, so both say the same",
    'decide: PATIENCE = {"busy": 3, "pending": 3} -> …': "how often a client asks before it leaves the rest to the "
    "application is its own choice",
    **{f"{_READ}{sign} 1)": _MOST for sign in ("-", "*", "**", "/", "//", "|", "^", "<<", ">>")},
    **{f"{_READ}+ {more})": _MOST for more in (0, 2)},
    **{
        f"wire: MOST = 1024 * 1024 -> MOST = {most}": _MOST
        for most in ("1024 ** 1024", "1024 << 1024", "1023 * 1024", "1025 * 1024", "1024 * 1023", "1024 * 1025")
    },
    **{f"wire.post: …len(received) > MOST: -> …len(received) {sign} MOST:": _MOST for sign in ("==", ">=", "is")},
    'wire.post: kind = …if parts.scheme >… "https"…': "the kit's gateway is asked over http alone",
    'wire.post: kind = …if parts.scheme is "https"…': "the kit's gateway is asked over http alone",
    "wire.post: …, timeout_s: float, *, content_type… -> …, timeout_s: float, /, content_type…": "it is called in one "
    "way, which both allow",
    "wire.Envelope: @dataclass(frozen=True, slots=True) -> @dataclass(frozen=…": _FROZEN,
    "client.Config: @dataclass(frozen=True, slots=True) -> @dataclass(frozen=…": _FROZEN,
    "wire:   @cache -> …": "a key is parsed again each time, which only takes longer",
    "wire.private: …skip_rsa_key_validation=True) -> …=False)": "a key is examined first, which only takes longer",
    "wire.webhook_sign: …usedforsecurity=False)… -> …usedforsecurity=True)…": "the digest is the same either way",
    "wire._Until.readinto: …self.until - time… -> …self.until % time…": "before the moment both say the same, and a "
    "wait that began before it ends with it",
    "wire._Until.readinto: …self.until - time… -> …self.until // time…": "an answer is waited for up to a second "
    "then, and for nothing more beyond its time: how long one is waited for is the client's own choice",
    "wire.post: …whole_time: bool = True -> …whole_time: bool = False": "the client says it in each call",
    **{
        f"wire._skip: return at if space is None else space.end() -> return at if {asked} else space.end()": "blanks "
        "between members make a reply unreadable then, and nothing is claimed from it; that is recorded and not judged"
        for asked in ("space is not None", "not space is None")
    },
    'wire._members: at = _expect(text, _skip(text, 0), "{") -> …_skip(text, -1), "{")': "what is before the beginning "
    "is the beginning",
    'wire._members: …text[at : at + 1] != "}": -> …text[at : at + 1] is not "}":': _ONE_OBJECT,
    "wire._expect: …text[at : at + 1] != char: -> …text[at : at + 1] is not char:": _ONE_OBJECT,
    "wire._once: …len(made) != len(pairs): -> …len(made) is not len(pairs):": _ONE_OBJECT,
    "wire._once: …len(made) != len(pairs): -> …len(made) < len(pairs):": "names can only be fewer than members",
    "wire._members: …_skip(text, at + 1) != len(text): -> …_skip(text, at + 1) < len(text):": "nothing is read beyond "
    "the end of a text",
    "client.Config: …repr=False) -> …repr=True)": "nothing prints a configuration, so no key is shown",
    "client.Client.__init__: *, -> /,": "it is called in one way, which both allow",
    "client.Client.__init__: timeout_s: float = 15.0, -> …": _OWN,
    "client.Client.__init__: attempt_s: float = 5.0, -> …": _OWN,
    **{f"{_PATIENCE}…attempt {sign} 1)": _OWN for sign in ("-", "*", "/", "//", "%", "**", ">>", "&", "|", "^", "<<")},
    **{f"{_PATIENCE}…attempt + {more})": _OWN for more in (0, 2)},
    "client.Client.close: …enumerate(self.pauses(), 1): -> …, 2):": _OWN,
    **{f"client.Client.exchange: left = max(0.001, … -> …max( {least}, …": _OWN for least in ("1.001", "-0.999")},
    **{
        f"client.Client.exchange: left = max(0.001, … -> …until {sign} time…": _OWN
        for sign in ("+", "*", "/", "//", "%")
    },
    **{f"client: PAUSES = … -> …{pauses})": _OWN for pauses in ("( -0.97, 0.12, 0.3, 0.6", "1.3, 0.6", "0.3, 1.6")},
    **{f"client: BEIJING = … -> …hours= {hours}…": "its day is another one for an hour only" for hours in (7, 9)},
    "client.Client.pauses: …PAUSES[-1]… -> …": _OWN,
    "client.Client.wait: …seconds >= until: -> …seconds > until:": "no two of these times are the same",
    "client.Client.wait: return False -> return True": "the attempts stay bounded, and each has a millisecond then",
    "client.Client.close: break -> continue (2)": "the attempts stay bounded, and each has a millisecond then",
    "client.Client.close: seen = reply or seen -> seen = reply and seen": "what was seen is evidence and no claim",
    "client.Client.close: …attempt >= min( -> …attempt == min(": "attempts are counted by ones: none is passed over",
    "client.Client.close: …attempt >= min( -> …attempt is min(": "attempts are counted by ones, and Python keeps one "
    "object for each small number",
    'client.Client.close: …op == "close"… -> …op <= "close"…': _FIRST,
    'client.Client.close: …op == "close"… -> …op is "close"…': _FIRST,
    'client.Client.exchange: …op == "close"… -> …op <= "close"…': _FIRST,
    'client.Client.exchange: …op == "close"… -> …op is "close"…': _FIRST,
    'client.Client.close: …standing == "busy"… -> …standing <= "busy"…': _FIRST,
    'client.Client.close: …standing == "busy"… -> …standing is "busy"…': _FIRST,
    'client.Client.close: …standing == "busy"… -> …standing >= "busy"…': _OWN,
    "client.Client.check_status: return status == 200 -> return status <= 200": "no status below 200 ends a reply",
    "client.Client.envelope: …ensure_ascii=False… -> …ensure_ascii=True…": "an escaped character is the same JSON, and "
    "what is signed stays as it is",
    **{
        f"client: LIMITS = … -> …{name}…: {most + 1}…": _LENGTHS
        for name, most in (("req_seq_id", 128), ("huifu_id", 32), ("org_req_seq_id", 128), ("org_hf_seq_id", 128))
    },
    'wire._members: …text[at : at + 1] != "}": -> …text[at : at << 1] != "}":': "a reply is unreadable then that "
    "something follows, and nothing is claimed from it",
    'wire._members: …text[at : at + 1] != "}": -> …text[at : at + 2] != "}":': "a reply is unreadable then that "
    "something follows, and nothing is claimed from it",
    **{
        f"wire._members: …_skip(text, at + 1) != len(text): -> …{changed} len(text):": "what follows the object is not "
        "read, and what is read was verified"
        for changed in (
            "_skip(text, at << 1) !=",
            "_skip(text, at + 2) !=",
            "_skip(text, at + 1) >",
            "_skip(text, at + 1) is",
        )
    },
    **{
        f"wire.{where}": "the signs between members are not data: what is read was verified"
        for where in (
            '_members: …text[at : at + 1] != "}": -> …text[at : at + 1] < "}":',
            "_expect: …text[at : at + 1] != char: -> …text[at : at + 1] < char:",
            "_expect: …text[at : at + 1] != char: -> …text[at : at + 1] > char:",
        )
    },
    **{
        f"wire._members: …any(name == other … -> …any(name {sign} other …": "of two members of one name that is "
        "read which is verified, and members in another order are unreadable at worst"
        for sign in ("<", "<=", "is")
    },
    "wire._members: …not isinstance(name, str) or … -> …not isinstance(name, str) and …": "a member whose name is no "
    "text is passed over, and what is read was verified",
    "wire.verifies: …validate=True)… -> …validate=False)…": "what is no Base64 is passed over, and the signature is "
    "verified all the same",
    "wire.post: …not whole or len(received)… -> …not whole and len(received)…": "a reply that was cut cannot be read, "
    "and one that can was verified",
    "app.App.believe: …RANK.get(claim, 0) > RANK… -> …RANK.get(claim, 0) >= RANK…": "two claims of one rank are the "
    "same, and what was rejected names no order",
    "client.Client.data: for name, most in LIMITS.items(): -> …": _LENGTHS,
    **{
        f"app: RANK = … -> …{rank}, …": "of an order that is said to be pending or unknown nothing false is said"
        for rank in ('"unknown": 1', '"pending": 0', '"pending": 2', '"not_closed": 1')
    },
    'app: RANK = … -> …"closed": 4}': "the ranks follow one another as before",
    **{
        f'app.App.named: … -> merchant = "" if {asked} else self.config.huifu_id': "each close, event and question of "
        "the kit names its merchant"
        for asked in ("self.config is not None", "not self.config is None")
    },
    **{
        f"app.App.stop: if self.config is not None: -> if {asked}:": _ENDS
        for asked in ("self.config is None", "not self.config is not None")
    },
    "app.App.__init__: self.server.daemon_threads = True -> …": _ENDS,
    "app.App.start: …daemon=True, … -> …daemon=False, …": _ENDS,
    **{f"app.App.start: …args=(0.05,)… -> …args=( {often},)…": _ENDS for often in ("1.05", "-0.95")},
    **{f"app: TIMEOUT_S = 2.0 -> TIMEOUT_S = {seconds}": _OWN for seconds in ("1.0", "3.0")},
    "app: ATTEMPT_S = 0.4 -> ATTEMPT_S = 1.4": _OWN,
    "app.described: max_attempts=5, -> max_attempts= 6,": "more attempts may be declared than are made",
    **{f"app.described: max_parallel=8, -> max_parallel= {calls},": _OWN_CALLS for calls in (7, 9)},
    "app.App.believe: …RANK.get(claim, 0) > RANK… -> …RANK.get(claim, -1) > RANK…": "a claim that has no rank replaces "
    "none, as one of rank 0 does",
    "client.Client.close: …message…, attempts=0) -> …attempts= 1)": "how often was asked is evidence and no claim",
    'client.Client.close: …"close", None, 0 -> …': "the attempts are counted from 1 whatever stands there before",
    "client.Client.__init__: max_attempts: int = 5, -> max_attempts: int = 4,": _OWN,
    "client: RETRY_PAUSE = 0.12 -> RETRY_PAUSE = 1.12": _OWN,
    "app.App.webhook: return 200 -> return 201": "a webhook is acknowledged by any 2xx",
    "app.App.webhook: return 40… -> …": "how a webhook is refused is the application's own choice",
    'app.App._handler.Handler.received: …"Content-Length") or 0)) -> …"Content-Length") or …': "every webhook that is "
    "pushed tells its length",
    'app.App._handler.Handler.do_POST: …"sign", [""])[0] -> …[ -1]': "an address carries one signature, never two",
}
"""The same for the changes that `make mutate` makes to the source of the reference client. `…` stands for any text."""


def source_reason(name: str) -> str:
    """Why a change of that name may survive; empty if it must not."""
    return next((why for pattern, why in SOURCE.items() if _fits(name, pattern)), "")


def _fits(name: str, pattern: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), name) is not None


WORDS: dict[str, tuple[str, str]] = {
    "title": ("# Equivalent mutants", "# 等价的变异体"),
    "made by": (
        "Generated by `huifu-contract selftest --equivalent`. Do not edit.",
        "由 `huifu-contract selftest --equivalent zh` 生成，请勿修改。",
    ),
    "made": (
        "Of {count} mutants made by operators, these may survive: they do nothing that a client must not do.",
        "在变异算子生成的 {count} 个变异体中，以下的可以不被发现：它们没有做客户端不该做的事。",
    ),
    "star": ("`*` stands for any text.", "`*` 代表任意文字。"),
    "made columns": ("| mutants | how many | why |", "| 变异体 | 个数 | 理由 |"),
    "changed": (
        "`make mutate` changes the source of the reference client with cosmic-ray, whose list of mistakes is not ours.",
        "`make mutate` 用 cosmic-ray 改动参考客户端的源码，改成什么样由它决定，与我们无关。",
    ),
    "survive": (
        "Of these changes it is known that they may survive; `…` stands for any text.",
        "以下改动已知可以不被发现；`…` 代表任意文字。",
    ),
    "changed columns": ("| changes | why |", "| 改动 | 理由 |"),
    "careful": (
        "Left out of the operators from the beginning, because they are careful and not wrong:",
        "以下做法谨慎而无错，变异算子从一开始就不生成：",
    ),
}
CHINESE = Path(__file__).with_name("equivalent.zh.toml")


def markdown(names: Iterable[str], language: str) -> str:
    """EQUIVALENT.md, or with `zh` EQUIVALENT.zh-CN.md; a test compares both files with this."""
    every, zh = list(names), language == "zh"
    reasons = tomllib.loads(CHINESE.read_text(encoding="utf-8")) if zh else {}
    words = {what: both[zh] for what, both in WORDS.items()}
    lines = [words["title"], "", words["made by"], "", words["made"].format(count=len(every)), words["star"], ""]
    lines += [words["made columns"], "|---|---|---|"]
    for pattern, why in EQUIVALENT.items():
        lines.append(f"| `{pattern}` | {sum(fnmatchcase(name, pattern) for name in every)} | {reasons.get(why, why)} |")
    lines += ["", words["changed"], words["survive"], "", words["changed columns"], "|---|---|"]
    for pattern, why in SOURCE.items():
        lines.append("| `{}` | {} |".format(pattern.replace("|", "\\|"), reasons.get(why, why)))
    lines += ["", words["careful"], ""]
    return "\n".join([*lines, *(f"- {reasons.get(one, one)}" for one in CAREFUL)]) + "\n"


CAREFUL = (
    "a certain refusal claimed as `unknown`, or an unclear F as `pending`: `unknown` is always allowed;",
    "F with 00000000, with 00000100 or with an unlisted code taken for `not_closed`: nothing speaks against it;",
    "one closequery after a P and no second: the application may ask again itself;",
    'an unlisted state taken for "in progress", which leads to a closequery;',
    "a close tried again under a new number after 20000001: the first was not carried out, as it says;",
    "a closequery that is dated as the close was: both days are those of one call, and the page names neither;",
    "any status of 2xx taken for 200: nothing contradicts the signature then;",
    "a resp_code compared as a number: the state beside it says what became of the close;",
    "F with 23000000 in the reply to a closequery taken for `not_closed`: the state says so;",
    "a webhook with a wrong signature answered with 2xx: nothing is believed;",
    "a day compared without regard to case, or by its length: it has neither;",
    "names of members read in any case, where the last of two counts: of two that are signed the page's is last;",
    "one configuration for all calls of a process: a process is given one, and more only where it says so;",
    "another reply shown in `seen` than that which the claim stands on: it is evidence and no claim;",
    "a webhook's signature verified without bytes that are no UTF-8: with such it is no JSON, and nothing is read;",
    "an order found by a webhook's org_mer_ord_id: no page says what it is; it is assumed to be the order's number;",
    "the number that a client makes up for a closequery, changed in ways that leave letters and digits as they are.",
)
"""What the operators do not make."""
