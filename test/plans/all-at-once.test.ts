import { expect, it } from 'vitest';
import { parsePlan } from '../../migration-plans/plan/load.ts';

const mistakes = (text: string): string[] =>
  parsePlan(text, 'plan.yaml').findings.map(({ place }) => `${place?.line}`);

it('reports what breaks the schema and what breaks a rule in one go', () => {
  const text = `apiVersion: strangler/v1
capability: reviews
routes:
  - GET /reviews/:id
  - GTE account/reviews
service: { name: reviews }
data: { stage: shraed, tables: [] }
readAfterWrit: 5s
shadow: { sample: 140% }
`;
  expect(mistakes(text)).toEqual(expect.arrayContaining(['5', '7', '8', '9']));
});

it('says nothing of what was made harmless only to look at the rest', () => {
  const text = `apiVersion: strangler/v1
capability: reviews
routes:
  - GET /reviews/:id
service: { name: reviews }
data: { stage: shraed, tables: [] }
`;
  expect(mistakes(text)).toEqual(['6']);
});

it('keeps the places of routes before a wrong one, whatever stands in it', () => {
  const text = `apiVersion: strangler/v1
capability: reviews
routes:
  - GTE /a
  - { rout: GET /b }
service: { name: reviews }
data: { stage: shared-database, tables: [] }
`;
  expect(mistakes(text)).toEqual(expect.arrayContaining(['4', '5']));
});
