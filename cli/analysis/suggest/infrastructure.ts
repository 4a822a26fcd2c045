/** Routes that every application has and that are nobody's business function: health, metrics, documentation, files. */
import type { Route } from '../model.ts';

/** Parts of a path that mean infrastructure whatever the route does. */
const ALWAYS =
  /^(?:health(?:z|check|-check)?|livez?|liveness|readyz?|readiness|startupz?|metrics|prometheus|api-?docs?|swagger(?:-ui)?(?:\.\w+)?|openapi(?:\.\w+)?|redoc|favicon\.\w+|robots\.txt|sitemap(?:[-\w]*)\.xml|\w*\.webmanifest|manifest\.json|service-worker\.js|\.well-known|graphiql|playground)$/i;
/** Parts that may also be a function of the application: only where the route touches no model. */
const PERHAPS =
  /^(?:ping|status|version|info|docs?|documentation|static|assets|public|uploads|images|css|js|fonts|debug|heartbeat|up|alive)$/i;

export function isInfrastructure(route: Pick<Route, 'path' | 'models' | 'method'>): boolean {
  const segments = route.path
    .split('/')
    .filter((segment) => segment !== '' && !/^(?:api|v\d+)$/i.test(segment));
  const [first] = segments;
  const untouched = route.models.length === 0;
  if (first === undefined || first.startsWith('*')) return untouched;
  if (segments.some((segment) => ALWAYS.test(segment))) return true;
  return untouched && (PERHAPS.test(first) || route.method === 'OPTIONS');
}
