CREATE TABLE "strangler_observation" (
    "start_at" TIMESTAMPTZ(3) NOT NULL,
    "hours" INTEGER NOT NULL,
    "edge" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "strangler_observation_pkey" PRIMARY KEY ("start_at","hours","edge")
);

CREATE INDEX "strangler_observation_to_at_idx" ON "strangler_observation"("to_at");

UPDATE "strangler_store_version" SET "version" = 2 WHERE "id" = 1;
