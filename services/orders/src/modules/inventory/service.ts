export class OutOfStockError extends Error {
  readonly productId: number;

  constructor(productId: number) {
    super(`product ${productId} is out of stock`);
    this.productId = productId;
  }
}
