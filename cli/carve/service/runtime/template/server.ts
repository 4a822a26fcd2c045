/** Stands in for the one of both that a service gets. */
export { serve } from './server-fastify.ts';
