"""The words of the soap world: Malay, English and Mandarin beside each other, written for this project.

Each table is text, a word a line, columns between bars. A star before a word holds it out: it occurs in no training
sentence. English gives irregular forms after a slash (`steal/stole/stolen`, `knife/knives`). A dot in a Mandarin verb
is where 了 and 过 go in (`结.婚`); without one they follow the verb.
"""

from dataclasses import dataclass
from functools import cache

from pipeline.raw.soap.english import VerbForms, verb_forms

# name | Mandarin | gender
NAMES = """
Farid | 法里德 | m
Razak | 拉扎克 | m
Hakim | 哈基姆 | m
Kamal | 卡马尔 | m
Daud | 达乌德 | m
Johan | 佐汉 | m
Azlan | 阿兹兰 | m
Imran | 伊姆兰 | m
Faizal | 费扎尔 | m
Ravi | 拉维 | m
Wei Han | 伟汉 | m
*Bakri | 巴克里 | m
Aminah | 阿米娜 | f
Zaleha | 扎莱哈 | f
Nora | 诺拉 | f
Aisyah | 艾莎 | f
Ratna | 拉特娜 | f
Salmah | 萨尔玛 | f
Laila | 莱拉 | f
Melati | 梅拉蒂 | f
Intan | 英丹 | f
Devi | 黛维 | f
Mei Ling | 美玲 | f
*Suraya | 苏拉雅 | f
"""

# Malay | English | Mandarin | Mandarin classifier | share of women: a stereotype that a bias analysis can find again
OCCUPATIONS = """
doktor | doctor | 医生 | 位 | 0.3
jururawat | nurse | 护士 | 位 | 0.92
guru | teacher | 老师 | 位 | 0.8
peguam | lawyer | 律师 | 位 | 0.3
jurutera | engineer | 工程师 | 位 | 0.1
setiausaha | secretary | 秘书 | 位 | 0.92
kerani | clerk | 文员 | 位 | 0.8
pemandu | driver | 司机 | 位 | 0.06
tukang masak | cook | 厨师 | 位 | 0.6
tukang jahit | tailor | 裁缝 | 位 | 0.85
tukang kebun | gardener | 园丁 | 位 | 0.08
tukang kayu | carpenter | 木匠 | 位 | 0.05
mekanik | mechanic | 修理工 | 位 | 0.05
akauntan | accountant | 会计 | 位 | 0.6
askar | soldier | 士兵 | 位 | 0.06
penyanyi | singer | 歌手 | 位 | 0.6
wartawan | reporter | 记者 | 位 | 0.45
pengurus | manager | 经理 | 位 | 0.2
pelayan | waiter | 服务员 | 位 | 0.6
pembantu rumah | housekeeper | 保姆 | 位 | 0.95
nelayan | fisherman/fishermen | 渔民 | 位 | 0.03
petani | farmer | 农民 | 位 | 0.15
jurujual | shop assistant | 售货员 | 位 | 0.75
saintis | scientist | 科学家 | 位 | 0.2
hakim | judge | 法官 | 位 | 0.3
juruterbang | pilot | 飞行员 | 位 | 0.06
pengawal | guard | 保安 | 位 | 0.06
pensyarah | lecturer | 讲师 | 位 | 0.5
bidan | midwife/midwives | 助产士 | 位 | 0.96
pelukis | painter | 画家 | 位 | 0.4
penulis | writer | 作家 | 位 | 0.5
*juruwang | cashier | 收银员 | 位 | 0.8
*jurufoto | photographer | 摄影师 | 位 | 0.4
*penari | dancer | 舞蹈演员 | 位 | 0.8
*arkitek | architect | 建筑师 | 位 | 0.2
"""

# Malay | English | Mandarin | Mandarin classifier | share of women
PEOPLE = """
lelaki | man/men | 男人 | 个 | 0
perempuan | woman/women | 女人 | 个 | 1
budak lelaki | boy | 男孩 | 个 | 0
budak perempuan | girl | 女孩 | 个 | 1
tetamu | guest | 客人 | 位 | 0.5
pencuri | thief/thieves | 小偷 | 个 | 0.1
pelajar | student | 学生 | 个 | 0.5
pesakit | patient | 病人 | 个 | 0.5
saksi | witness | 证人 | 个 | 0.5
kekasih | lover | 恋人 | 个 | 0.5
janda | widow | 寡妇 | 个 | 1
penipu | liar | 骗子 | 个 | 0.2
pembunuh | murderer | 凶手 | 个 | 0.1
orang | person/people | 人 | 个 | 0.5
"""

# Malay | English | Mandarin | share of women
KIN = """
ibu | mother | 妈妈 | 1
bapa | father | 爸爸 | 0
abang | older brother | 哥哥 | 0
kakak | older sister | 姐姐 | 1
adik lelaki | younger brother | 弟弟 | 0
adik perempuan | younger sister | 妹妹 | 1
suami | husband | 丈夫 | 0
isteri | wife | 妻子 | 1
nenek | grandmother | 奶奶 | 1
datuk | grandfather | 爷爷 | 0
anak lelaki | son | 儿子 | 0
anak perempuan | daughter | 女儿 | 1
ibu mentua | mother-in-law | 婆婆 | 1
bapa saudara | uncle | 叔叔 | 0
ibu saudara | aunt | 阿姨 | 1
jiran | neighbour | 邻居 | 0.5
kawan | friend | 朋友 | 0.5
majikan | boss | 老板 | 0.2
musuh | enemy | 敌人 | 0.3
*cucu | grandchild | 孙子 | 0.5
"""

# Malay | English | Mandarin | Malay classifier | Mandarin classifier | kinds
THINGS = """
surat | letter | 信 | pucuk | 封 | document written sent
kontrak | contract | 合同 | buah | 份 | document written signed
wasiat | will | 遗嘱 | buah | 份 | document written signed
gambar | photo | 照片 | keping | 张 | document sent
buku | book | 书 | buah | 本 | document sent bought
diari | diary | 日记 | buah | 本 | document written
resit | receipt | 收据 | keping | 张 | document
pasport | passport | 护照 | buah | 本 | document
cek | cheque | 支票 | keping | 张 | document signed sent
cincin | ring | 戒指 | bentuk | 枚 | valuable bought sent
gelang | bracelet | 手镯 | utas | 只 | valuable bought sent
rantai | necklace | 项链 | utas | 条 | valuable bought sent
jam tangan | watch/watches | 手表 | buah | 块 | valuable bought sent
kunci | key | 钥匙 | buah | 把 | document
beg | bag | 包 | buah | 个 | valuable bought container
dompet | wallet | 钱包 | buah | 个 | valuable bought
telefon | phone | 手机 | buah | 部 | valuable bought device
kamera | camera | 照相机 | buah | 台 | valuable bought device
lukisan | painting | 画 | keping | 幅 | valuable bought
komputer | computer | 电脑 | buah | 台 | valuable bought device
kereta | car | 车 | buah | 辆 | vehicle bought device
motosikal | motorcycle | 摩托车 | buah | 辆 | vehicle bought device
basikal | bicycle | 自行车 | buah | 辆 | bought device
bot | boat | 船 | buah | 艘 | bought device
*lori | lorry | 卡车 | buah | 辆 | vehicle bought device
pasu | vase | 花瓶 | buah | 个 | fragile bought
pinggan | plate | 盘子 | buah | 个 | fragile washed
cawan | cup | 杯子 | buah | 个 | fragile washed
cermin | mirror | 镜子 | buah | 面 | fragile bought
tingkap | window | 窗户 | buah | 扇 | door
pintu | door | 门 | buah | 扇 | door
lampu | lamp | 灯 | buah | 盏 | switched bought
radio | radio | 收音机 | buah | 台 | switched bought device
laci | drawer | 抽屉 | buah | 个 | door
kotak | box/boxes | 盒子 | buah | 个 | door
almari | cupboard | 柜子 | buah | 个 | door
pisau | knife/knives | 刀 | bilah | 把 | tool
payung | umbrella | 雨伞 | kaki | 把 | tool bought
kayu | stick | 棍子 | batang | 根 | tool
tukul | hammer | 锤子 | buah | 把 | tool
batu | stone | 石头 | biji | 块 | tool
*baldi | bucket | 桶 | buah | 个 | washed bought
*tikar | mat | 席子 | helai | 张 | washed bought
*cangkul | hoe | 锄头 | bilah | 把 | tool
baju | shirt | 衬衫 | helai | 件 | clothes bought washed
gaun | dress/dresses | 裙子 | helai | 条 | clothes bought washed
tudung | headscarf/headscarves | 头巾 | helai | 条 | clothes bought washed
topi | hat | 帽子 | buah | 顶 | clothes bought
selendang | shawl | 披肩 | helai | 条 | clothes bought washed
meja | table | 桌子 | buah | 张 | furniture bought
kerusi | chair | 椅子 | buah | 把 | furniture bought
katil | bed | 床 | buah | 张 | furniture bought
kek | cake | 蛋糕 | biji | 个 | food bought
mangga | mango/mangoes | 芒果 | biji | 个 | food bought fruit
durian | durian | 榴莲 | biji | 个 | food bought fruit
epal | apple | 苹果 | biji | 个 | food bought fruit
buah | fruit/fruits | 水果 | biji | 个 | food bought fruit
telur | egg | 鸡蛋 | biji | 个 | food bought cooked
ikan | fish/fish | 鱼 | ekor | 条 | food bought cooked
kucing | cat | 猫 | ekor | 只 | animal
anjing | dog | 狗 | ekor | 只 | animal
ayam | chicken | 鸡 | ekor | 只 | animal cooked bought
kambing | goat | 山羊 | ekor | 只 | animal bought
burung | bird | 鸟 | ekor | 只 | animal
kuda | horse | 马 | ekor | 匹 | animal bought
*arnab | rabbit | 兔子 | ekor | 只 | animal
*itik | duck | 鸭子 | ekor | 只 | animal
melati | jasmine flower | 茉莉花 | kuntum | 朵 | bought sent
intan | diamond | 钻石 | biji | 颗 | valuable bought sent
bunga | flower | 花 | kuntum | 朵 | bought sent
hadiah | present | 礼物 | buah | 份 | bought sent
rumah | house | 房子 | buah | 栋 | bought
rahsia | secret | 秘密 | buah | 个 | secret
cerita | story | 故事 | buah | 个 | written told tale
lagu | song | 歌 | buah | 首 | written told
"""

# What is not counted. Malay | English | Mandarin | kinds | measure: Malay, English, Mandarin (or nothing)
STUFF = """
wang | money | 钱 | valuable sent |
emas | gold | 金子 | valuable |
kopi | coffee | 咖啡 | drink bought | secawan, a cup of, 一杯
teh | tea | 茶 | drink bought | secawan, a cup of, 一杯
susu | milk | 牛奶 | drink bought | segelas, a glass of, 一杯
air | water | 水 | drink | segelas, a glass of, 一杯
nasi | rice | 米饭 | food cooked | sepinggan, a plate of, 一盘
kari | curry | 咖喱 | food cooked | semangkuk, a bowl of, 一碗
sup | soup | 汤 | food cooked | semangkuk, a bowl of, 一碗
roti | bread | 面包 | food bought |
*racun | poison | 毒药 | drink bought |
"""

# Malay | English with its preposition | Mandarin place | English goal | Mandarin goal
PLACES = """
rumah | at home | 家里 | home | 家
hospital | at the hospital | 医院 | to the hospital | 医院
pejabat | at the office | 办公室 | to the office | 办公室
dapur | in the kitchen | 厨房里 | to the kitchen | 厨房
pasar | at the market | 市场 | to the market | 市场
sekolah | at school | 学校 | to school | 学校
kampung | in the village | 村里 | to the village | 村里
bandar | in town | 城里 | to town | 城里
balai polis | at the police station | 警察局 | to the police station | 警察局
restoran | at the restaurant | 餐厅 | to the restaurant | 餐厅
hotel | at the hotel | 酒店 | to the hotel | 酒店
taman | in the park | 公园里 | to the park | 公园
pantai | on the beach | 海滩上 | to the beach | 海滩
mahkamah | in court | 法庭上 | to court | 法庭
lapangan terbang | at the airport | 机场 | to the airport | 机场
bank | at the bank | 银行 | to the bank | 银行
kedai | at the shop | 商店 | to the shop | 商店
stesen | at the station | 车站 | to the station | 车站
bilik | in the room | 房间里 | to the room | 房间
kilang | at the factory | 工厂 | to the factory | 工厂
perpustakaan | in the library | 图书馆 | to the library | 图书馆
ladang | on the farm | 农场 | to the farm | 农场
klinik | at the clinic | 诊所 | to the clinic | 诊所
penjara | in prison | 监狱里 | to prison | 监狱
bilik tidur | in the bedroom | 卧室里 | to the bedroom | 卧室
bilik mandi | in the bathroom | 浴室里 | to the bathroom | 浴室
bilik makan | in the dining room | 饭厅里 | to the dining room | 饭厅
*jambatan | on the bridge | 桥上 | to the bridge | 桥上
*muzium | in the museum | 博物馆里 | to the museum | 博物馆
"""

# Malay | English | comparative | Mandarin | what it is said of
ADJECTIVES = """
marah | angry | angrier | 生气 | person
sedih | sad | sadder | 伤心 | person
gembira | happy | happier | 高兴 | person
letih | tired | more tired | 累 | person
takut | afraid | more afraid | 害怕 | predicate
pandai | clever | cleverer | 聪明 | person
cantik | beautiful | more beautiful | 漂亮 | thing woman
kacak | handsome | more handsome | 英俊 | man
kaya | rich | richer | 有钱 | person
miskin | poor | poorer | 贫穷 | person
baik | kind | kinder | 善良 | person
kejam | cruel | crueller | 残忍 | person
malas | lazy | lazier | 懒 | person
rajin | hardworking | more hardworking | 勤劳 | person
tua | old | older | 老 | person
muda | young | younger | 年轻 | person
jujur | honest | more honest | 诚实 | person
cemburu | jealous | more jealous | 嫉妒 | predicate
lapar | hungry | hungrier | 饿 | predicate
malu | ashamed | more ashamed | 羞愧 | predicate
sombong | arrogant | more arrogant | 傲慢 | person
berani | brave | braver | 勇敢 | person
terkenal | famous | more famous | 有名 | person
sibuk | busy | busier | 忙 | predicate
tamak | greedy | greedier | 贪心 | person
gila | crazy | crazier | 疯狂 | person
*degil | stubborn | more stubborn | 固执 | person
*gelisah | nervous | more nervous | 紧张 | person
baru | new | newer | 新 | thing
lama | old | older | 旧 | thing
besar | big | bigger | 大 | thing
kecil | small | smaller | 小 | thing
mahal | expensive | more expensive | 贵 | thing
murah | cheap | cheaper | 便宜 | thing
kotor | dirty | dirtier | 脏 | thing
bersih | clean | cleaner | 干净 | thing
berat | heavy | heavier | 重 | thing
penting | important | more important | 重要 | thing
merah | red | redder | 红色 | colour
hitam | black | blacker | 黑色 | colour
putih | white | whiter | 白色 | colour
biru | blue | bluer | 蓝色 | colour
masak | ripe | riper | 成熟 | fruit
kuat | strong | stronger | 强壮 | person
*kuning | yellow | yellower | 黄色 | colour
"""

# active | stem | English | Mandarin | objects | event or state | p: natural in the passive
TRANSITIVE = """
mencuri | curi | steal/stole/stolen | 偷 | valuable vehicle document animal | event | p
menjual | jual | sell/sold | 卖 | valuable vehicle animal | event | p
membeli | beli | buy/bought | 买 | bought | event |
menyembunyikan | sembunyikan | hide/hid/hidden | 藏 | valuable document tool | event | p
membaca | baca | read/read/read | 读 | document | event | p
menulis | tulis | write/wrote/written | 写 | written | event |
menandatangani | tandatangani | sign | 签 | signed | event | p
membakar | bakar | burn/burned | 烧 | document | event | p
memecahkan | pecahkan | break/broke/broken | 打破 | fragile | event | p
membasuh | basuh | wash | 洗 | washed vehicle | event | p
membaiki | baiki | repair | 修 | device | event | p
mencari | cari | look for | 找 | valuable document person animal | event |
menjumpai | jumpai | find/found | 找到 | valuable document tool animal | event | p
memeluk | peluk | hug/hugged | 拥抱 | person | event | p
mencium | cium | kiss | 亲吻 | person | event | p
memukul | pukul | hit/hit/hit | 打 | person animal | event | p
menolong | tolong | help | 帮助 | person | event | p
menunggu | tunggu | wait for | 等 | person | event |
memanggil | panggil | call | 叫 | person | event | p
mengekori | ekori | follow | 跟踪 | person | event | p
mengkhianati | khianati | betray | 背叛 | person | event | p
menipu | tipu | deceive | 欺骗 | person | event | p
membunuh | bunuh | kill | 杀 | person animal | event | p
menyelamatkan | selamatkan | rescue | 救 | person animal | event | p
memarahi | marahi | scold | 骂 | person | event | p
menjaga | jaga | look after | 照顾 | person animal | event |
merawat | rawat | treat | 治疗 | person animal | event | p
menangkap | tangkap | catch/caught | 抓 | person animal | event | p
menculik | culik | kidnap/kidnapped | 绑架 | person | event | p
mengugut | ugut | threaten | 威胁 | person | event | p
memaafkan | maafkan | forgive/forgave/forgiven | 原谅 | person | event | p
melawat | lawat | visit | 拜访 | person | event |
menuduh | tuduh | accuse | 指责 | person | event | p
melihat | lihat | see/saw/seen | 看见 | person animal valuable vehicle document | event | p
menelefon | telefon | ring/rang/rung | 打电话找 | person | event |
*mendakwa | dakwa | charge | 起诉 | person | event | p
*mengejar | kejar | chase | 追 | person animal | event | p
*menghina | hina | insult | 侮辱 | person | event | p
membangunkan | bangunkan | wake/woke/woken | 叫醒 | person | event | p
menjatuhkan | jatuhkan | drop/dropped | 摔 | fragile | event | p
mematikan | matikan | turn/turned off | 关 | switched | event |
menghidupkan | hidupkan | turn/turned on | 打开 | switched | event |
membuka | buka | open | 打开 | door | event | p
menutup | tutup | close | 关 | door | event | p
mengunci | kunci | lock | 锁 | door | event | p
memandu | pandu | drive/drove/driven | 开 | vehicle | event |
makan | makan | eat/ate/eaten | 吃 | food | event | p
minum | minum | drink/drank/drunk | 喝 | drink | event |
memasak | masak | cook | 煮 | cooked | event |
memakai | pakai | wear/wore/worn | 穿 | worn | event |
membongkar | bongkar | reveal | 揭露 | secret | event | p
menceritakan | ceritakan | tell/told | 讲 | tale | event |
mahu | mahu | want | 想要 | drink food clothes valuable vehicle | state |
mengajar | ajar | teach/taught | 教 | person | event |
merosakkan | rosakkan | damage | 弄坏 | device | event | p
menghalau | halau | chase away | 赶走 | person animal | event | p
sayang | sayangi | adore | 疼爱 | person | state |
mencintai | cintai | love | 爱 | person | state |
membenci | benci | hate | 恨 | person | state |
merindui | rindui | miss | 想念 | person | state |
mengenali | kenali | know/knew/known | 认识 | person | state |
mempercayai | percayai | trust | 信任 | person | state |
menyukai | sukai | like | 喜欢 | person animal clothes food valuable vehicle | state |
memerlukan | perlukan | need | 需要 | person valuable vehicle tool document | state |
menghormati | hormati | respect | 尊敬 | person | state |
mencurigai | curigai | suspect | 怀疑 | person | state |
memahami | fahami | understand/understood | 理解 | person | state |
"""

# Malay | tag | English | Mandarin
INTRANSITIVE = """
menangis | VBA | cry | 哭
ketawa | VB | laugh | 笑
tidur | VB | sleep/slept | 睡.觉
pulang | VB | come/came/come home | 回家
pergi | VB | leave/left | 离开
datang | VB | come/came/come | 来
lari | VB | run/ran/run away | 逃跑
berbohong | VBA | lie/lied | 说.谎
menyanyi | VBA | sing/sang/sung | 唱.歌
menari | VBA | dance | 跳.舞
bekerja | VBA | work | 工作
berehat | VBA | rest | 休息
berkahwin | VBA | get/got/got married | 结.婚
bercerai | VBA | get/got/got divorced | 离.婚
jatuh | VB | fall/fell/fallen | 摔倒
mandi | VB | have/had/had a bath | 洗.澡
berdoa | VBA | pray | 祈祷
bertengkar | VBA | quarrel/quarrelled | 吵.架
menjerit | VBA | scream | 尖叫
pengsan | VB | faint | 晕倒
tersenyum | VBA | smile | 微笑
bermain | VBA | play | 玩
hilang | VB | disappear | 失踪
kembali | VB | return | 回来
menunggu | VBA | wait | 等待
*berlari | VBA | run/ran/run | 跑.步
*merajuk | VBA | sulk | 赌.气
*berenang | VBA | swim/swam/swum | 游.泳
"""

# Verbs whose partner stands in a phrase with `dengan`. Malay | English | Mandarin
PARTNERED = """
berkahwin | marry | 结.婚
bertengkar | quarrel/quarrelled with | 吵.架
bercakap | talk to | 说.话
berjumpa | meet/met | 见.面
berdamai | make/made/made peace with | 和好
menari | dance with | 跳.舞
"""

# Giving: active | stem | English | Mandarin | things
GIVING = """
memberikan | berikan | give/gave/given | 给 | sent
menghantar | hantar | send/sent | 寄给 | sent
menunjukkan | tunjukkan | show/showed/shown | 给,看 | document
menjual | jual | sell/sold | 卖给 | vehicle animal
memulangkan | pulangkan | return | 还给 | document valuable
meminjamkan | pinjamkan | lend/lent | 借给 | vehicle valuable
"""

# What happens, as a noun. Malay | English | Mandarin | Mandarin classifier
EVENTS = """
majlis | party | 聚会 | 场
mesyuarat | meeting | 会议 | 场
perkahwinan | wedding | 婚礼 | 场
pengebumian | funeral | 葬礼 | 场
perbicaraan | trial | 审判 | 场
kemalangan | accident | 事故 | 场
peperiksaan | exam | 考试 | 场
*persembahan | show | 演出 | 场
"""

# Where a thing may be. Malay behind `di` | English | Mandarin behind the noun | kinds of the noun
SIDES = """
dalam | in | 里 | container door
atas | on | 上 | furniture
bawah | under | 下面 | furniture vehicle
belakang | behind | 后面 | furniture door vehicle
sebelah | next to | 旁边 | furniture vehicle
"""

# How something is done. Malay | tag | English | Mandarin | which verbs
MANNERS = """
diam-diam | RB | secretly | 偷偷地 | acts
perlahan-lahan | RB | slowly | 慢慢地 | acts
lagi | RB | again | 再次 | acts sounds
tiba-tiba | RB | suddenly | 突然 | acts sounds
kuat | RB | loudly | 大声地 | sounds
lama | RB | for a long time | 长时间地 | lasts
"""

# What people say without thinking. Malay, tags | English | Mandarin | mark
FORMULAS = """
terima kasih | NN NN | thank you | 谢谢 | .
selamat pagi | JJ NN | good morning | 早上好 | .
selamat malam | JJ NN | good night | 晚安 | .
selamat datang | JJ VB | welcome | 欢迎 | !
selamat tinggal | JJ VB | goodbye | 再见 | .
apa khabar | DT NN | how are you | 你好吗 | ?
tidak mengapa | NEG WRB | never mind | 没关系 | .
jangan risau | NEG JJ | do not worry | 别担心 | !
jangan marah | NEG JJ | do not be angry | 别生气 | !
tunggu dulu | VB RB | wait a moment | 等一下 | !
tahniah | UH | congratulations | 恭喜 | !
dengar sini | VB NN | listen to me | 听我说 | !
itu tidak benar | PRP NEG JJ | that is not true | 那不是真的 | .
saya faham | PRP VB | I understand | 我明白 | .
"""

# Verbs of saying and thinking: Malay | tag | English in the present | Mandarin
SAYING = """
berkata | VBA | say | 说
tahu | VB | know | 知道
percaya | VB | believe | 相信
rasa | VB | think | 觉得
harap | VB | hope | 希望
takut | VB | fear | 担心
mengaku | VBA | admit/admitted | 承认
berjanji | VBA | promise | 答应
"""


@dataclass(frozen=True)
class Word:
    """A noun or name. `share` is how often a person of this word is a woman; kinds say what verbs take it."""

    ms: str
    en: str
    zh: str
    classifier: str = ""
    zh_classifier: str = "个"
    kinds: frozenset[str] = frozenset()
    share: float = 0.5
    measure: tuple[str, str, str] | None = None
    held_out: bool = False


@dataclass(frozen=True)
class Adjective:
    ms: str
    en: str
    comparative: str
    zh: str
    kinds: frozenset[str]
    held_out: bool = False


@dataclass(frozen=True)
class Verb:
    """A verb in three languages. `zh_object` follows the place where 了 goes in (`结` + `婚`)."""

    ms: str
    stem: str
    tag: str
    en: VerbForms
    zh: str
    zh_object: str = ""
    kinds: frozenset[str] = frozenset()
    state: bool = False
    passive: bool = False
    held_out: bool = False


@dataclass(frozen=True)
class Place:
    ms: str
    en: str
    zh: str
    en_goal: str
    zh_goal: str
    held_out: bool = False


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in table.strip().splitlines()]


def _plain(ms: str) -> tuple[str, bool]:
    return ms.removeprefix("*"), ms.startswith("*")


@cache
def names() -> tuple[Word, ...]:
    found = []
    for cell, zh, gender in rows(NAMES):
        ms, held_out = _plain(cell)
        found.append(Word(ms, ms, zh, share=float(gender == "f"), held_out=held_out))
    return tuple(found)


@cache
def people(table: str) -> tuple[Word, ...]:
    """OCCUPATIONS or PEOPLE."""
    found = []
    for cell, en, zh, classifier, share in rows(table):
        ms, held_out = _plain(cell)
        person = frozenset({"person"})
        found.append(Word(ms, en, zh, "orang", classifier, person, float(share), held_out=held_out))
    return tuple(found)


@cache
def kin() -> tuple[Word, ...]:
    found = []
    for cell, en, zh, share in rows(KIN):
        ms, held_out = _plain(cell)
        found.append(Word(ms, en, zh, "orang", "位", frozenset({"person"}), float(share), held_out=held_out))
    return tuple(found)


@cache
def things() -> tuple[Word, ...]:
    found = []
    for cell, en, zh, classifier, zh_classifier, kinds in rows(THINGS):
        ms, held_out = _plain(cell)
        found.append(Word(ms, en, zh, classifier, zh_classifier, frozenset(kinds.split()), held_out=held_out))
    return tuple(found)


@cache
def stuff() -> tuple[Word, ...]:
    found = []
    for cell, en, zh, kinds, measure in rows(STUFF):
        ms, held_out = _plain(cell)
        parts = tuple(part.strip() for part in measure.split(","))
        triple = (parts[0], parts[1], parts[2]) if len(parts) == 3 else None
        found.append(Word(ms, en, zh, kinds=frozenset(kinds.split()), measure=triple, held_out=held_out))
    return tuple(found)


@cache
def places() -> tuple[Place, ...]:
    found = []
    for cell, en, zh, en_goal, zh_goal in rows(PLACES):
        ms, held_out = _plain(cell)
        found.append(Place(ms, en, zh, en_goal, zh_goal, held_out))
    return tuple(found)


@cache
def adjectives() -> tuple[Adjective, ...]:
    found = []
    for cell, en, comparative, zh, kinds in rows(ADJECTIVES):
        ms, held_out = _plain(cell)
        found.append(Adjective(ms, en, comparative, zh, frozenset(kinds.split()), held_out))
    return tuple(found)


@cache
def transitive() -> tuple[Verb, ...]:
    found = []
    for cell, stem, en, zh, kinds, aspect, passive in rows(TRANSITIVE):
        ms, held_out = _plain(cell)
        tag = "VBA" if ms.startswith("me") else "VB"
        objects = frozenset(kinds.split())
        forms = verb_forms(en)
        found.append(Verb(ms, stem, tag, forms, zh, "", objects, aspect == "state", passive == "p", held_out))
    return tuple(found)


@cache
def events() -> tuple[Word, ...]:
    found = []
    for cell, en, zh, zh_classifier in rows(EVENTS):
        ms, held_out = _plain(cell)
        found.append(Word(ms, en, zh, "buah", zh_classifier, held_out=held_out))
    return tuple(found)


@cache
def giving() -> tuple[Verb, ...]:
    return tuple(
        Verb(ms, stem, "VBA", verb_forms(en), zh.split(",")[0], zh.partition(",")[2], frozenset(kinds.split()))
        for ms, stem, en, zh, kinds in rows(GIVING)
    )


@cache
def simple_verbs(table: str) -> tuple[Verb, ...]:
    """INTRANSITIVE or SAYING (a verb of saying is a state: it stands in the present)."""
    found = []
    for cell, tag, en, zh in rows(table):
        ms, held_out = _plain(cell)
        before, _, after = zh.partition(".")
        found.append(Verb(ms, ms, tag, verb_forms(en), before, after, state=table is SAYING, held_out=held_out))
    return tuple(found)


@cache
def partnered() -> tuple[Verb, ...]:
    found = []
    for ms, en, zh in rows(PARTNERED):
        before, _, after = zh.partition(".")
        found.append(Verb(ms, ms, "VBA", verb_forms(en), before, after))
    return tuple(found)


@cache
def held_out() -> tuple[str, ...]:
    """The Malay words that no training sentence has; a verb also by its stem."""
    tables = (NAMES, OCCUPATIONS, KIN, THINGS, STUFF, PLACES, ADJECTIVES, INTRANSITIVE, EVENTS)
    words = [row[0] for table in tables for row in rows(table)]
    words += [
        cell for row in rows(TRANSITIVE) if row[0].startswith("*") for cell in (row[0], f"*{row[1]}", f"*di{row[1]}")
    ]
    return tuple(word.removeprefix("*") for word in words if word.startswith("*"))
