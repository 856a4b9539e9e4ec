create user 'mideng'@'%' identified by 'only-on-this-machine';
grant all on *.* to 'mideng'@'%';
