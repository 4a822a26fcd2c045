export class PaymentDeclinedError extends Error {}
