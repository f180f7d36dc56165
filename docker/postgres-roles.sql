-- The Postgres image runs this when its volume is created. Neither role is a superuser or can see the other's data.
\getenv irisx_password IRISX_DATABASE_PASSWORD
\getenv temporal_password TEMPORAL_DATABASE_PASSWORD

create role irisx login password :'irisx_password';
create role temporal login password :'temporal_password';

create database irisx owner irisx;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke all on database irisx, temporal, temporal_visibility, postgres, template1 from public;
