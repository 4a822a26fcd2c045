import { EventEmitter } from 'node:events';

export interface PublishedEvent {
  id: number;
  orderId: number;
  type: string;
  message: string;
  createdAt: Date;
}

/** Everybody who watches an order in this process. */
const bus = new EventEmitter();
bus.setMaxListeners(0);

export function publishOrderEvent(event: PublishedEvent): void {
  bus.emit(`order:${event.orderId}`, event);
}

/** Calls back for each new event of an order until the returned function is called. */
export function watchOrder(orderId: number, listener: (event: PublishedEvent) => void): () => void {
  bus.on(`order:${orderId}`, listener);
  return () => bus.off(`order:${orderId}`, listener);
}
