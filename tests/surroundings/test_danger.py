"""surroundings/danger.py: what one key must not take over, and what it may."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from delta_learn.surroundings.danger import is_destructive

DESTRUCTIVE = """
rm -rf build
rm -r build
rm -f notes.txt
rm -fr -- build
rm --recursive build
rm --force notes.txt
rm a.txt b.txt
rm *.log
rm build/*
rm {a,b}.txt
rm -rfv ~/old
\\rm -rf build
/bin/rm -rf build
r''m -rf build
command rm -rf build
sudo rm -rf /var/lib/x
sudo -u bob rm -rf x
sudo -E env A=1 nice -n 5 rm -rf x
A=1 rm -rf x
time rm -rf x
doas rm -rf x
timeout 5 rm -rf x
nohup rm -rf x &
find . -name '*.pyc' -delete
find . -name core -exec rm {} +
find . -type d -exec rm -rf {} ;
find . -print0 | xargs -0 rm
ls | xargs -n 1 rm -f
ls | xargs -I {} rm {}
ls | parallel rm
make && rm -rf build
cd /tmp; rm -rf x
(cd x && rm -rf y)
echo "$(rm -rf x)"
echo $(rm -rf x)
echo `rm -rf x`
if true; then rm -rf x; fi
for f in a b; do rm -f $f; done
while read -r f; do rm -rf "$f"; done
bash -c 'rm -rf x'
sudo sh -c "rm -rf x"
bash -lc "cd x && rm -rf y"
su -c 'rm -rf x'
eval "rm -rf x"
ssh web1 rm -rf /srv/x
ssh -p 22 web1 'sudo rm -rf /srv/x'
docker exec -it web rm -rf /srv
kubectl exec web-0 -- rm -rf /data
docker compose exec web rm -rf /srv
docker exec -u root -w /srv web find . -delete
shred -u notes.txt
dd if=a.iso of=/dev/sdb bs=4M
dd if=/dev/zero of=disk.img
mkfs.ext4 /dev/sdb1
mkfs -t ext4 /dev/sdb1
mkswap /dev/sdb2
wipefs -a /dev/sdb
fdisk /dev/sda
cryptsetup luksFormat /dev/sdb
lvremove vg/old
zfs destroy pool/x
echo 1 > /dev/sda
cat a.img >/dev/nvme0n1
cat a.img | sudo tee /dev/sdb
mv notes.txt /dev/null
truncate -s 0 app.log
> app.log
: > app.log
:> app.log
chmod -R 777 /
chown -R bob ~
sudo chown -R bob:bob /usr
rsync -a --delete src/ dst/
git push --force
git push -f origin main
git push --force-with-lease
git push --force-with-lease=main origin main
git push origin +main
git push origin :old
git push --delete origin old
git push -d origin old
git -C repo push -f
git -c a=b --no-pager push -f
git reset --hard
git reset --hard HEAD~1
git clean -fd
git clean -fdx
git checkout -- .
git checkout -- src/a.py
git checkout .
git checkout -f main
git restore .
git restore src/a.py
git restore --staged --worktree .
git switch --discard-changes main
git branch -D old
git stash drop
git stash drop stash@{1}
git stash clear
git reflog expire --expire=now --all
git gc --prune=now
git filter-branch --all
git rm -f a.py
docker system prune
docker system prune -af
docker volume prune
docker rm -f web
docker rmi -f web
docker volume rm data
docker compose down -v
docker compose -f a.yml down --volumes
docker-compose down -v
docker --context prod volume rm data
kubectl delete pod web-0
kubectl -n prod delete deploy web
kubectl delete -f app.yaml
helm uninstall web
terraform destroy
terraform apply -auto-approve
terraform -chdir=prod destroy
pulumi destroy
vagrant destroy -f
aws s3 rm s3://b/ --recursive
aws s3 rb s3://b
aws --profile prod ec2 terminate-instances --instance-ids i-1
gcloud compute instances delete web
az group delete -n web
gh repo delete me/x
psql -c 'DROP TABLE users'
psql -d shop -c "drop database old;"
mysql -e 'truncate table users' shop
mysql -u root -e 'delete from users' shop
sqlite3 a.db 'delete from users;'
dropdb shop
redis-cli FLUSHALL
redis-cli -h cache flushdb
python manage.py flush
rails db:drop
bundle exec rails db:reset
php artisan migrate:fresh
kill -9 -1
kill -KILL -1
shutdown now
sudo shutdown -h now
reboot
poweroff
init 0
systemctl poweroff
userdel bob
crontab -r
history -c
iptables -F
npm unpublish x
gpg --delete-secret-keys bob
:(){ :|:& };:
bomb() { bomb | bomb & }; bomb
"""

HARMLESS = """
rm notes.txt
rm -i *.log
rm -v notes.txt
rm -- -rf
firm -rf x
rmdir build
farm rm -rf x
echo rm -rf x
echo "rm -rf x"
printf '%s' 'rm -rf x'
man rm
which rm
grep -rf patterns.txt src
ls -rf
cp -rf a b
cp -r a b
mv a b
mv -f a b
git push
git push origin main
git push -u origin main
git push --follow-tags
git push -n -f
git push --tags
git pull --force
git fetch -f
git commit -m 'git push --force'
git commit -m 'rm -rf' -a
git commit --amend
git reset
git reset HEAD a.py
git reset --soft HEAD~1
git clean -n
git clean -fdn
git checkout main
git checkout -b fix
git checkout -
git switch main
git switch -c fix
git restore --staged .
git restore -S a.py
git branch -d old
git branch fix
git stash
git stash pop
git stash push -m drop
git rm a.py
git rm --cached -r x
git log --all -- src
git diff -- a.py
git tag -d v1
git merge --no-ff x
git rebase -i main
docker rm web
docker run --rm -it -v a:b web
docker ps -f name=x
docker compose up -d
docker compose down
docker compose -f a.yml up --force-recreate
docker logs -f web
docker exec -it web ls
docker build -f Dockerfile .
kubectl get pods
kubectl apply -f app.yaml
kubectl delete pod x --dry-run=client
kubectl logs -f delete-job
kubectl describe pod delete-me
helm upgrade --install web .
terraform plan
terraform plan -destroy
terraform apply
terraform fmt
aws s3 ls
aws s3 cp delete-me.txt s3://b/
aws ec2 describe-instances
gcloud compute instances list
psql -c 'select * from users'
psql -f drop.sql
mysql -e "delete from users where id = 1" shop
mysql shop < dump.sql
redis-cli get x
find . -name '*.py'
find . -name x -exec grep y {} +
find . -name x -ok rm {} ;
ls | xargs grep x
ls | xargs -n 1 echo rm
dd if=/dev/sda of=/dev/null
chmod -R u+w build
chmod 644 a.txt
chown -R www-data /var/www/html
chown bob a.txt
echo x > a.txt
echo x >> a.txt
cat a > b
ls 2>/dev/null
ls > /dev/null 2>&1
: done
true
kill 123
kill -9 123
kill -1 123
kill %1
killall firefox
shutdown --help
shutdown -c
systemctl restart web
systemctl status reboot.target
crontab -e
crontab -l
history
history | grep rm
userdel-report
fdisk -l
sudo fdisk -l /dev/sda
mkfsx
truncated -s 0
npm install
npm uninstall x
pip uninstall x
make clean
make
rsync -a src/ dst/
rsync -an --delete src/ dst/
ssh web1
ssh web1 ls
ssh web1 rm a.txt
bash script.sh
bash -c 'ls -rf'
python train.py
tar -xmf a.tar
unzip -o a.zip
cat <<'EOF'
vim rm.txt
cd rm
source rm.sh
alias rm='rm -i'
function f() { ls; }
delta-learn train
"""


def lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line]


def test_there_are_many_of_both() -> None:
    assert len(lines(DESTRUCTIVE)) >= 120
    assert len(lines(HARMLESS)) >= 100


@pytest.mark.parametrize("line", lines(DESTRUCTIVE))
def test_destructive(line: str) -> None:
    assert is_destructive(line)


@pytest.mark.parametrize("line", lines(HARMLESS))
def test_harmless(line: str) -> None:
    assert not is_destructive(line)


SIMPLE = [
    line for line in lines(DESTRUCTIVE + HARMLESS)
    if re.fullmatch(r"[\w./=:+ -]+", line) and not re.match(r"(?:sudo|if|while|for|true|time|\w+=|command)\b", line)
]  # fmt: skip


def quoted(word: str, style: str) -> str:
    return {"'": f"'{word}'", '"': f'"{word}"', "\\": f"\\{word}", "''": f"{word[:1]}''{word[1:]}"}.get(style, word)


@given(st.sampled_from(SIMPLE), st.lists(st.sampled_from(["", "'", '"', "\\", "''"]), min_size=8, max_size=8))
def test_quoting_changes_no_verdict(line: str, styles: list[str]) -> None:
    words = [quoted(word, styles[number % 8]) for number, word in enumerate(line.split())]
    assert is_destructive(" ".join(words)) == is_destructive(line)


@given(
    st.sampled_from(SIMPLE),
    st.lists(st.sampled_from(["sudo", "sudo -u bob", "env A=1", "time", "nice -n 3", "nohup", "B=2"]), max_size=3),
)
def test_a_prefix_changes_no_verdict(line: str, prefixes: list[str]) -> None:
    assert is_destructive(" ".join([*prefixes, line])) == is_destructive(line)


@given(
    st.sampled_from(SIMPLE), st.sampled_from(["ls && {}", "ls; {}", "ls | {}", "(ls; {})", "sh -c '{}'", "{} && ls"])
)
def test_its_place_in_a_line_changes_no_verdict(line: str, around: str) -> None:
    assert is_destructive(around.format(line)) == is_destructive(line)


@given(st.text(max_size=200))
def test_any_text_has_a_verdict(text: str) -> None:
    assert is_destructive(text) in (True, False)


def test_a_line_that_is_too_long_to_be_read_is_not_trusted() -> None:
    assert is_destructive("echo " + "x" * 20_000)


def test_commands_nested_without_end_are_judged_all_the_same() -> None:
    assert not is_destructive("echo " + '"$(echo ' * 300)
