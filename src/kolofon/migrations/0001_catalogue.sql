-- What a partner is and sells, as far as sign-in, access and privacy need it.
-- Catalogue tables are small, read often and kept in memory by every process;
-- a change is announced on the channel kolofon_catalogue.
set local lock_timeout = '5s';
set local statement_timeout = '60s';

create table partner (
    partner_id smallint generated always as identity primary key,
    partner_code text not null unique check (partner_code ~ '^[a-z0-9-]{2,32}$'),
    name text not null,
    country_code text not null check (country_code ~ '^[A-Z]{2}$'),
    currency text not null check (currency ~ '^[A-Z]{3}$'),
    time_zone text not null
);

create table company (
    partner_id smallint not null references partner,
    company_code text not null check (length(company_code) between 1 and 12),
    name text not null,
    organisation_number text,
    primary key (partner_id, company_code)
);

create table enterprise (
    partner_id smallint not null references partner,
    enterprise_code text not null check (length(enterprise_code) between 1 and 12),
    name text not null,
    primary key (partner_id, enterprise_code)
);

create table order_type (
    partner_id smallint not null,
    enterprise_code text not null,
    order_type text not null check (length(order_type) between 1 and 12),
    name text not null,
    primary key (partner_id, enterprise_code, order_type),
    foreign key (partner_id, enterprise_code) references enterprise
);

create table privacy_purpose (
    partner_id smallint not null references partner,
    purpose text not null check (length(purpose) between 1 and 20),
    name text not null,
    primary key (partner_id, purpose)
);

create table marketing_channel (
    partner_id smallint not null references partner,
    channel text not null check (length(channel) between 1 and 12),
    name text not null,
    primary key (partner_id, channel)
);

create table category_type (
    partner_id smallint not null references partner,
    category_type text not null check (length(category_type) between 1 and 12),
    description text not null,
    primary key (partner_id, category_type)
);

create table category_code (
    partner_id smallint not null,
    category_type text not null,
    category_code text not null check (length(category_code) between 1 and 12),
    description text not null,
    -- A code names its type: access is asked by type, subscriptions carry the code.
    primary key (partner_id, category_code),
    foreign key (partner_id, category_type) references category_type
);

create table product (
    partner_id smallint not null,
    product_code text not null check (length(product_code) between 1 and 12),
    company_code text not null,
    name text not null,
    product_type text not null check (product_type in ('subscription', 'issue', 'single', 'article')),
    -- Products leave the catalogue by being retired: customers still hold them.
    retired boolean not null default false,
    primary key (partner_id, product_code),
    foreign key (partner_id, company_code) references company
);

-- One row grants one way in. Which columns a kind needs is checked here,
-- so that a rule that can never match does not get in.
create table access_rule (
    partner_id smallint not null references partner,
    access_rule_code text not null check (length(access_rule_code) between 1 and 64),
    kind text not null check (kind in ('product', 'domain', 'ip', 'article', 'categoryType')),
    -- The product that access is given to; null: any product of the partner.
    product_code text,
    -- kind product: who subscribes to this reads product_code.
    subscribed_product_code text,
    domain text check (domain = lower(domain)),
    ip_from inet,
    ip_to inet,
    -- kind article: article ids that start so are read with product_code.
    article_prefix text,
    category_type text,
    primary key (partner_id, access_rule_code),
    foreign key (partner_id, product_code) references product,
    foreign key (partner_id, subscribed_product_code) references product,
    foreign key (partner_id, category_type) references category_type,
    check (case kind
        when 'product' then product_code is not null and subscribed_product_code is not null
        when 'domain' then domain is not null
        when 'ip' then ip_from is not null and ip_to is not null
            and family(ip_from) = family(ip_to) and ip_from <= ip_to
        when 'article' then article_prefix is not null and product_code is not null
        when 'categoryType' then category_type is not null and product_code is not null
    end)
);

create table client (
    client_id text primary key check (client_id ~ '^[A-Za-z0-9][A-Za-z0-9._-]{2,99}$'),
    partner_id smallint not null references partner,
    name text not null,
    -- A public client (an app, a browser) has no secret and must use PKCE.
    public boolean not null default false,
    redirect_uris text[] not null default '{}',
    -- The query part of a redirect_uri is free; scheme, host and path are not.
    redirect_query_free boolean not null default false,
    return_hosts text[] not null default '{}',
    grant_types text[] not null,
    access_token_seconds integer not null default 43200 check (access_token_seconds between 60 and 86400),
    refresh_token_seconds integer not null default 2592000 check (refresh_token_seconds between 3600 and 31536000),
    calls_per_second integer not null default 100 check (calls_per_second > 0),
    calls_per_minute integer not null default 2000 check (calls_per_minute > 0),
    answer_format text not null default 'json' check (answer_format in ('json', 'xml')),
    logo_url text,
    disabled boolean not null default false
);
create index client_partner on client (partner_id); -- kolofon client list --partner

-- Secrets are random and long, so a plain SHA-256 cannot be searched; two rows
-- overlap while a secret is being rotated.
create table client_secret (
    client_id text not null references client,
    secret_hash bytea not null check (length(secret_hash) = 32),
    created_at timestamptz not null,
    expires_at timestamptz,
    primary key (client_id, secret_hash)
);
