// Runs inside Thunderbird with all rights of its own windows. Receives [address, [calendar object, …]]; takes each
// object as the bar above an invitation does when its only button is pressed, and tells after each what the calendar holds.
const [address, objects] = arguments;
const { cal } = ChromeUtils.importESModule("resource:///modules/calendar/calUtils.sys.mjs");
const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");

const PRESSED = { "REQUEST": "ACCEPTED", "REQUEST:NEEDS-ACTION": "ACCEPTED" };

function identityOf(address) {
  const accounts = MailServices.accounts;
  const account = accounts.accounts[0] ?? accounts.createAccount();
  account.incomingServer ??= accounts.createIncomingServer("reader", "mail.invalid", "none");
  const identity = accounts.createIdentity(); // a new one each time: the calendar remembers whose address it had
  identity.email = address;
  account.addIdentity(identity);
  for (const former of [...account.identities]) if (former.key !== identity.key) account.removeIdentity(former);
  return identity;
}

function calendarOf(address) {
  const calendar = cal.manager.getCalendars()[0];
  calendar.setProperty("disabled", false); // as a new profile leaves it
  calendar.setProperty("imip.identity.key", identityOf(address).key);
  return calendar;
}

function all(calendar) {
  return calendar.getItemsAsArray(Ci.calICalendar.ITEM_FILTER_ALL_ITEMS, 0, null, null);
}

async function held(calendar) {
  const text = (item, name) => item.getProperty(name) ?? "";
  const instant = (moment) => moment.nativeTime / 1e6;
  return (await all(calendar)).map((item) => ({
    uid: item.id,
    sequence: Number(text(item, "SEQUENCE") || 0),
    starts: instant(item.startDate),
    ends: instant(item.endDate),
    summary: item.title ?? "",
    location: text(item, "LOCATION"),
    status: item.status ?? "",
  }));
}

function offered(item) {
  return new Promise((resolve) => cal.itip.processItipItem(item, (_item, rc, act) => resolve([rc, act])));
}

function pressed(act) {
  const answer = PRESSED[act.method] ?? null;
  return new Promise((resolve, reject) => {
    const onOperationComplete = (_calendar, status, _operation, _id, detail) =>
      Components.isSuccessCode(status) ? resolve(act.method) : reject(new Error(`${act.method}: ${status} ${detail}`));
    const listener = { QueryInterface: ChromeUtils.generateQI(["calIOperationListener"]), onOperationComplete, onGetResult() {} };
    setTimeout(() => reject(new Error(`${act.method}: nothing came of it`)), 10_000);
    act(listener, answer, { responseMode: Ci.calIItipItem.NONE });
  });
}

async function take(calendar, object) {
  const item = Cc["@mozilla.org/calendar/itip-item;1"].createInstance(Ci.calIItipItem);
  item.init(object);
  item.receivedMethod = /^METHOD:(\w+)/m.exec(object)?.[1] ?? "";
  item.responseMethod = "REPLY";
  item.autoResponse = Ci.calIItipItem.NONE;
  item.identity = address;
  item.targetCalendar = calendar;
  const [status, act] = await offered(item);
  cal.itip.cleanupItipItem(item);
  if (!Components.isSuccessCode(status)) throw new Error(`refused: ${status}`);
  return act ? pressed(act) : "nothing to do";
}

async function replay() {
  const calendar = calendarOf(address);
  for (const item of await all(calendar)) await calendar.deleteItem(item);
  const told = [];
  for (const object of objects) told.push({ done: await take(calendar, object), held: await held(calendar) });
  return told;
}

const answer = arguments[arguments.length - 1];
replay().then((told) => answer({ told }), (error) => answer({ error: `${error} ${error.stack}` }));
