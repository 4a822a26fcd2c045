/** What sets this service apart from others: everything else in `service/` is the same in each of them. */

/** Begins every line of the log, and is the service's name in Cloud Map unless CLOUD_MAP_SERVICE says another one. */
export const name = 'reviews';

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
export const required: [name: string, meaning: string][] = [];

/** The application's routes: the labels of the metrics. */
export const routes: [method: string, template: string][] = [
  ['GET', '/account/reviews'],
  ['GET', '/admin/reviews'],
  ['POST', '/admin/reviews/:id/moderate'],
  ['GET', '/api/customers/:id/reviews'],
  ['GET', '/api/products/:id/rating'],
  ['GET', '/api/products/:id/reviews'],
  ['POST', '/api/products/:id/reviews'],
  ['DELETE', '/api/reviews/:id'],
  ['GET', '/api/reviews/:id'],
  ['PUT', '/api/reviews/:id'],
  ['GET', '/api/reviews/:id/moderation'],
  ['POST', '/api/reviews/:id/moderation'],
  ['POST', '/api/reviews/:id/reports'],
  ['DELETE', '/api/reviews/:id/votes'],
  ['GET', '/api/reviews/:id/votes'],
  ['POST', '/api/reviews/:id/votes'],
  ['GET', '/api/reviews/recent'],
  ['GET', '/products/:slug/reviews'],
  ['POST', '/products/:slug/reviews'],
  ['GET', '/reviews/:id'],
  ['POST', '/reviews/:id/delete'],
  ['GET', '/reviews/:id/edit'],
  ['POST', '/reviews/:id/edit'],
  ['POST', '/reviews/:id/report'],
  ['POST', '/reviews/:id/vote'],
];
