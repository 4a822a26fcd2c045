/** What sets this service apart from others: everything else in `service/` is the same in each of them. */

/** Begins every line of the log, and is the service's name in Cloud Map unless CLOUD_MAP_SERVICE says another one. */
export const name = 'orders';

export const defaults = {
  port: 3101,
  /** Cloud Map: namespace and AWS region. */
  namespace: 'strangler',
  region: 'us-east-1',
};

/** Where the platform asks, unless HEALTH_PATH, READY_PATH and METRICS_PATH say otherwise. None is a route of the application. */
export const paths = { health: '/healthz', ready: '/readyz', metrics: '/metrics' };

/** The variable that names the database; an empty text where the application reads none. */
export const databaseVariable: string = 'DATABASE_URL';

/** Further variables without which the service can't work, with what they are. */
export const required: [name: string, meaning: string][] = [
  ['MONOLITH_URL', 'where the monolith answers, such as http://127.0.0.1:3000'],
  ['MONOLITH_PORTS_TOKEN', 'the secret that the monolith expects of the service; the same in both'],
];

/** The application's routes: the labels of the metrics. */
export const routes: [method: string, template: string][] = [
  ['GET', '/account/orders'],
  ['GET', '/api/orders'],
  ['POST', '/api/orders'],
  ['GET', '/api/orders/:id'],
  ['POST', '/api/orders/:id/cancel'],
  ['GET', '/checkout'],
  ['POST', '/checkout'],
  ['GET', '/orders/:id'],
  ['POST', '/orders/:id/cancel'],
  ['GET', '/orders/:id/invoice'],
];
