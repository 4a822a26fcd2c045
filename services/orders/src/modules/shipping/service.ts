import { callPort } from '../../../service/ports/client.ts';

export async function listMethods(): Promise<{
    id: number;
    code: string;
    name: string;
    cents: number;
    freeFrom: number | null;
}[]> {
  return callPort('src/modules/shipping/service.listMethods', []) as Promise<{
    id: number;
    code: string;
    name: string;
    cents: number;
    freeFrom: number | null;
}[]>;
}
