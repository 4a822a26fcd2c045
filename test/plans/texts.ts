/** Plan files as people write them, for tests. */
export const REVIEWS = `# yaml-language-server: $schema=./plan.schema.json
apiVersion: strangler/v1
capability: reviews
description: Product reviews, helpful votes, moderation
routes:
  - GET /products/:slug/reviews
  - route: POST /products/:slug/reviews
    timeouts: { headers: 5s }
  - GET,POST,DELETE /api/votes
  - { route: POST /search/reviews, effect: read, shadow: false }
except: [ GET /products/featured/reviews ]
timeouts: { idle: 10s }
service: { name: reviews }
data: { stage: shared-database, tables: [Review, ReviewVote] }
stickyBy: [ { cookie: sid }, { header: X-User }, client-address ]
readAfterWrite: 1.5s
shadow: { sample: 100%, noiseProbe: 20%, maxBody: 1.5MiB, timeout: 5s, headers: { service: { x-shadow: '1', cookie: null } } }
compare:
  headers: [Content-Type, ETag]
  rules:
    - { at: { json: '$.items' }, do: { kind: unordered }, reason: no order promised, owner: qa, expires: 2027-01-01 }
    - at: { header: X-Token }
      do: { kind: format }
      routes: [ "GET,POST,DELETE /api/votes" ]
      reason: random
      owner: qa
redact: [ { json: $.email }, { header: X-Key } ]
gates:
  canary: { minCompared: 300, maxMismatch: 0.25%, minComparedPerRoute: 7 }
  cutover: { minRequests: 10 }
  rollback: { auto: false }
rollout: { steps: [1%, 50%, 100%] }
`;

export function minimal(capability: string, routes: string[], more = ''): string {
  const list = routes.map((route) => `  - ${route}\n`).join('');
  return `apiVersion: strangler/v1\ncapability: ${capability}\nroutes:\n${list}${more}`;
}
