-- Nodes that start at the same moment make them one after the other.
SELECT pg_advisory_xact_lock(7306);

CREATE TABLE IF NOT EXISTS products (
    item        TEXT PRIMARY KEY,
    price_cents BIGINT NOT NULL,
    stock       BIGINT NOT NULL CHECK (stock >= 0)
);

CREATE TABLE IF NOT EXISTS orders (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account     TEXT NOT NULL,
    item        TEXT NOT NULL REFERENCES products,
    quantity    BIGINT NOT NULL CHECK (quantity > 0),
    note        TEXT NOT NULL,
    total_cents BIGINT NOT NULL,
    state       TEXT NOT NULL DEFAULT 'placed',
    -- The number that its payment has with the provider: one payment at a time.
    charge      TEXT UNIQUE,
    -- When it was first asked for: the provider forgets a number after some time.
    charged_at  TIMESTAMPTZ
);

-- A page may order once. The order and the end of its token stand in one transaction.
CREATE TABLE IF NOT EXISTS page_tokens (
    token     TEXT PRIMARY KEY,
    issued_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    order_id  BIGINT REFERENCES orders
);

INSERT INTO products VALUES ('tea', 450, 100), ('kettle', 2999, 10), ('samovar', 60000, 3) ON CONFLICT DO NOTHING;
