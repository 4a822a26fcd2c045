/** One kind of traffic. Sizes in bytes. */
export interface Scenario {
  name: string;
  path: string;
  method: 'GET' | 'POST';
  bodyBytes: number;
  connections: number;
}

export const SCENARIOS: readonly Scenario[] = [
  { name: 'small JSON', path: '/small.json', method: 'GET', bodyBytes: 0, connections: 32 },
  { name: '100 KB HTML', path: '/page.html', method: 'GET', bodyBytes: 0, connections: 32 },
  { name: '10 MB download', path: '/download.bin', method: 'GET', bodyBytes: 0, connections: 4 },
  { name: '10 MB upload', path: '/upload', method: 'POST', bodyBytes: 10_000_000, connections: 4 },
  { name: 'POST 2 KB', path: '/upload', method: 'POST', bodyBytes: 2048, connections: 32 },
];
