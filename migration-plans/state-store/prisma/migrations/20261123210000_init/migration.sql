CREATE TABLE "strangler_store_version" (
    "id" INTEGER NOT NULL DEFAULT 1,
    "version" INTEGER NOT NULL,

    CONSTRAINT "strangler_store_version_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "strangler_revision" (
    "number" INTEGER NOT NULL,
    "parent" INTEGER,
    "format_version" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "plans" TEXT NOT NULL,
    "states" TEXT NOT NULL,
    "digest" TEXT NOT NULL,

    CONSTRAINT "strangler_revision_pkey" PRIMARY KEY ("number")
);

CREATE TABLE "strangler_transition" (
    "id" SERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revision" INTEGER NOT NULL,
    "capability" TEXT NOT NULL,
    "command" TEXT NOT NULL,
    "outcome" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "detail" TEXT NOT NULL,

    CONSTRAINT "strangler_transition_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "strangler_edge_lease" (
    "id" TEXT NOT NULL,
    "report" TEXT NOT NULL,
    "last_seen" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "strangler_edge_lease_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "strangler_evidence" (
    "capability" TEXT NOT NULL,
    "epoch" INTEGER NOT NULL,
    "service_version" TEXT NOT NULL,
    "edge" TEXT NOT NULL,
    "document" TEXT NOT NULL,
    "compared" INTEGER NOT NULL,
    "from_at" TIMESTAMPTZ(3) NOT NULL,
    "to_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "strangler_evidence_pkey" PRIMARY KEY ("capability","epoch","service_version","edge")
);

CREATE UNIQUE INDEX "strangler_revision_parent_key" ON "strangler_revision"("parent");

CREATE INDEX "strangler_transition_capability_id_idx" ON "strangler_transition"("capability", "id");

CREATE INDEX "strangler_edge_lease_last_seen_idx" ON "strangler_edge_lease"("last_seen");

-- The audit trail and the revisions it refers to can be added to and never changed, whoever is connected.
CREATE FUNCTION "strangler_refuse_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER "strangler_revision_append_only"
    BEFORE UPDATE OR DELETE OR TRUNCATE ON "strangler_revision"
    FOR EACH STATEMENT EXECUTE FUNCTION "strangler_refuse_change"();

CREATE TRIGGER "strangler_transition_append_only"
    BEFORE UPDATE OR DELETE OR TRUNCATE ON "strangler_transition"
    FOR EACH STATEMENT EXECUTE FUNCTION "strangler_refuse_change"();

INSERT INTO "strangler_store_version" ("id", "version") VALUES (1, 1);
