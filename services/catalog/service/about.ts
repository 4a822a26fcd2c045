/** What sets this service apart from others: everything else in `service/` is the same in each of them. */

/** Begins every line of the log, and is the service's name in Cloud Map unless CLOUD_MAP_SERVICE says another one. */
export const name = 'catalog';

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
  ['GET', '/'],
  ['POST', '/admin/images/:id/delete'],
  ['POST', '/admin/products/:id/images'],
  ['GET', '/api/categories'],
  ['GET', '/api/categories/:slug/products'],
  ['GET', '/api/products'],
  ['POST', '/api/products'],
  ['DELETE', '/api/products/:id'],
  ['GET', '/api/products/:id'],
  ['PUT', '/api/products/:id'],
  ['GET', '/categories/:slug'],
  ['GET', '/images/:id'],
  ['GET', '/products'],
  ['GET', '/products/:slug'],
  ['GET', '/robots.txt'],
  ['GET', '/sitemap.xml'],
];
