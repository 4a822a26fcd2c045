/** The customers of the tour, on a shop that runs already: `npm run customers -- http://127.0.0.1:8080`. Ends with Ctrl-C. */
import { Crowd } from './crowd.ts';
import { Ledger } from './ledger.ts';
import { productsOnSale } from './search.ts';
import { shopAt } from './shop.ts';

const url = process.argv[2];
if (url === undefined || !URL.canParse(url)) {
  console.error('usage: npm run customers -- URL-OF-THE-SHOP');
  process.exit(2);
}
const ledger = new Ledger();
const products = await productsOnSale(url).catch(() => {
  console.error(`no shop answers at ${url}: is the stack running (npx strangler dev)?`);
  process.exit(1);
});
const crowd = new Crowd(shopAt(url, products), ledger, 20, 400);
const timer = setInterval(() => {
  const { requests } = ledger;
  console.log(`${requests} requests, ${ledger.failures().length} failed`);
}, 5_000);
process.once('SIGINT', async () => {
  clearInterval(timer);
  await crowd.leave();
  for (const { wrong } of ledger.failures().slice(0, 10)) console.log(`failed: ${wrong}`);
  process.exitCode = ledger.failures().length > 0 ? 1 : 0;
});
