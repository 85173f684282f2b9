workers 2
threads 1, 4
preload_app!
bind 'tcp://0.0.0.0:9292'
bind 'ssl://0.0.0.0:9293?key=/etc/corpus-tls/key.pem&cert=/etc/corpus-tls/cert.pem'
rackup '/srv/app/config.ru'
