-- Run by the image of Postgres when its volume is made: who owns what. Neither role is a superuser, nor sees the other's data.
\getenv irisx_password IRISX_DATABASE_PASSWORD
\getenv temporal_password TEMPORAL_DATABASE_PASSWORD

create role irisx login password :'irisx_password';
create role temporal login password :'temporal_password';

create database irisx owner irisx;
create database temporal owner temporal;
create database temporal_visibility owner temporal;
revoke all on database irisx, temporal, temporal_visibility, postgres, template1 from public;
