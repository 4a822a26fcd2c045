/** One kind of traffic. Sizes in bytes. */
export interface Scenario {
  name: string;
  path: string;
  method: 'GET' | 'POST';
  bodyBytes: number;
  connections: number;
  /** Requests per second at which latency is measured: few enough that none of the candidates is near its limit on two cores. */
  rate: number;
  /** Part of a quick run. */
  quick: boolean;
}

/** The small GET, on which most aims are. */
export const SMALL: Scenario = {
  name: 'small JSON',
  path: '/small.json',
  method: 'GET',
  bodyBytes: 0,
  connections: 32,
  rate: 500,
  quick: true,
};

export const SCENARIOS: readonly Scenario[] = [
  SMALL,
  {
    name: '100 KB HTML',
    path: '/page.html',
    method: 'GET',
    bodyBytes: 0,
    connections: 32,
    rate: 200,
    quick: false,
  },
  {
    name: '10 MB download',
    path: '/download.bin',
    method: 'GET',
    bodyBytes: 0,
    connections: 4,
    rate: 8,
    quick: false,
  },
  {
    name: '10 MB upload',
    path: '/upload',
    method: 'POST',
    bodyBytes: 10_000_000,
    connections: 4,
    rate: 8,
    quick: false,
  },
  {
    name: 'POST 2 KB',
    path: '/upload',
    method: 'POST',
    bodyBytes: 2048,
    connections: 32,
    rate: 500,
    quick: true,
  },
];

/** Customers by whose cookie a canary is sticky. Every request of every candidate carries one. */
export const SESSIONS = 1_000;

export function sessionCookie(index: number): string {
  return `session=s${(index % SESSIONS).toString(36)}`;
}
