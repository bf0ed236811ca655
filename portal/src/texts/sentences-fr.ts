/**
 * What the server says, in French, by its English sentence; `{name}` stands for what is filled in. A
 * test finds each of them in the server's source, so that none outlives what it translates.
 */
export const sentences: Readonly<Record<string, string>> = {
  // Signing in, rights
  'The user name or the password is wrong.': 'L’identifiant ou le mot de passe est incorrect.',
  'Your session has ended; sign in again.': 'Votre session est terminée ; reconnectez-vous.',
  'Too many sign-ins at once; try again in a moment.':
    'Trop de connexions à la fois ; réessayez dans un instant.',
  'Too many failed sign-ins; try again in {count} {unit}.':
    'Trop de tentatives échouées ; réessayez dans {count} {unit}.',
  'There is nothing here that you may see.': 'Il n’y a rien ici que vous puissiez voir.',
  'The account is suspended.': 'Le compte est suspendu.',
  'You are not permitted to order files.': 'Vous n’avez pas le droit de commander des fichiers.',
  'You are not permitted to see port orders.': 'Vous n’avez pas le droit de voir les portages.',
  'You are not permitted to order ports.': 'Vous n’avez pas le droit de demander des portages.',
  'You are not permitted to import rosters.': 'Vous n’avez pas le droit d’importer des annuaires.',
  'You are not permitted to publish in this study.':
    'Vous n’avez pas le droit de publier dans cette étude.',
  'Only administrators see the deliveries of all accounts.':
    'Seuls les administrateurs voient les livraisons de tous les comptes.',
  'Only administrators see the jobs of all accounts.':
    'Seuls les administrateurs voient les tâches de tous les comptes.',
  'Only administrators see the links of all accounts.':
    'Seuls les administrateurs voient les liens de tous les comptes.',
  'Only an operator may do this to or for an operator.':
    'Seul un exploitant peut faire cela à un exploitant, ou en son nom.',
  'The user name "{name}" is taken.': 'L’identifiant « {name} » est déjà pris.',
  'There is an organization "{code}" already.': 'Il y a déjà une organisation « {code} ».',
  'There is no organization "{code}".': 'Il n’y a pas d’organisation « {code} ».',
  'This key, token or client id is taken.': 'Cette clé, ce jeton ou cet identifiant est déjà pris.',
  'A user name {problem}.': 'Un identifiant {problem}.',
  'A password {problem}.': 'Un mot de passe {problem}.',

  // Deliveries and files
  'The delivery has just changed; read it again.': 'La livraison vient de changer ; rechargez-la.',
  'The time of this delivery is over.': 'Le délai de cette livraison est passé.',
  'A delivery that is {from} cannot become {to}.':
    'Une livraison dans l’état « {from} » ne peut pas passer à « {to} ».',
  'Only a failed or cancelled download can be tried again; this one is {state}.':
    'Seul un téléchargement échoué ou annulé peut être relancé ; état de celui-ci : {state}.',
  'There is no download type "{name}" any more.':
    'Le type de téléchargement « {name} » n’existe plus.',
  'The download type "{name}" is no longer configured.':
    'Le type de téléchargement « {name} » n’est plus configuré.',
  'None of the files of the delivery is there yet.':
    'Aucun des fichiers de la livraison n’est encore prêt.',
  'The file is not ready yet.': 'Le fichier n’est pas encore prêt.',
  'The file is gone.': 'Le fichier n’existe plus.',
  "The file's time is over.": 'Le délai de ce fichier est passé.',
  'The file could not be prepared.': 'Le fichier n’a pas pu être préparé.',
  'The list of this archive is not there any more. Ask for a new archive.':
    'La liste de cette archive n’existe plus. Demandez une nouvelle archive.',

  // Work that failed
  'The work failed; the operator finds the reason under job {number}.':
    'Le traitement a échoué ; l’exploitant en trouve la raison dans la tâche {number}.',
  'The work was begun {count} times and never ended; the server may have been killed meanwhile.':
    'Le traitement a été commencé {count} fois sans jamais finir ; le serveur a peut-être été arrêté entre-temps.',
  'The job was cancelled.': 'La tâche a été annulée.',
  'A download is made of at least one file; none was written.':
    'Un téléchargement contient au moins un fichier ; aucun n’a été écrit.',
  '{written} of {total} {unit}': '{written} sur {total} {unit}',
  '{written} {unit}': '{written} {unit}',

  // Orders
  'No file was found for this order.': 'Aucun fichier n’a été trouvé pour cette commande.',
  'An order has at most {count} files.': 'Une commande contient au plus {count} fichiers.',
  'The files have more than {count} bytes.': 'Les fichiers dépassent {count} octets.',
  'The time of this order is over, or it was deleted.':
    'Le délai de cette commande est passé, ou elle a été supprimée.',
  'A query has at most {count} characters.': 'Une requête a au plus {count} caractères.',
  'A query has at most {count} terms.': 'Une requête a au plus {count} termes.',
  'The query is not one that is taken here: field:value, "a phrase", AND, OR, NOT, ( ), [a TO b] and *. {where}.':
    'La requête n’est pas comprise. Sont admis : champ:valeur, "une expression", AND, OR, NOT, ( ), [a TO b] et *. {where}.',
  'Write NOT in place of "-".': 'Écrivez NOT au lieu de « - ».',

  // Imports
  'Waiting for an earlier import of the organization':
    'En attente d’un import précédent de l’organisation',
  '{count} {unit} read': 'Lu : {count} {unit}',
  '{total} {unit}: {created} created, {updated} updated, {unchanged} unchanged, {failed} with errors.':
    '{total} {unit} : {created} créées, {updated} modifiées, {unchanged} inchangées, {failed} en erreur.',
  'Nothing of this file was imported.': 'Rien de ce fichier n’a été importé.',
  'The file is larger than {count} bytes.': 'Le fichier dépasse {count} octets.',
  'The time of this result is over.': 'Le délai de ce résultat est passé.',
  'The uploaded file is no longer there; upload it again.':
    'Le fichier envoyé n’existe plus ; envoyez-le de nouveau.',
  'The account may no longer import rosters.': 'Le compte n’a plus le droit d’importer.',
  'The row has {cells} cells, the header has {columns}.':
    'La ligne a {cells} cellules, l’en-tête en a {columns}.',
  '{column} is there twice, with two values.': '{column} figure deux fois, avec deux valeurs.',
  'There is no {noun} "{key}".': 'Il n’y a pas de {noun} « {key} ».',
  '{what} in row {row} of this file already.': '{what} déjà à la ligne {row} de ce fichier.',
  '{column} is mandatory to create a {noun}.':
    '{column} est obligatoire pour créer un élément de type {noun}.',
  '{column}: there is no organization "{id}".': '{column} : il n’y a pas d’organisation « {id} ».',
  'session_endDate is not after session_startDate.':
    'session_endDate n’est pas postérieure à session_startDate.',
  'The header row has no columns.': 'La ligne d’en-tête n’a aucune colonne.',
  'The column has no name.': 'La colonne n’a pas de nom.',
  'The column "{name}" is there twice, first as column {first}.':
    'La colonne « {name} » figure deux fois, d’abord en colonne {first}.',
  'The column "{name}" is missing, which the template "{template}" needs.':
    'Il manque la colonne « {name} », nécessaire au modèle « {template} ».',

  // Uploads, studies, products
  'The upload was given up: begin again.': 'L’envoi a été abandonné : recommencez.',
  'The storage is full.': 'Le stockage est plein.',
  'The bytes were broken off.': 'L’envoi a été interrompu.',
  'There is no such file.': 'Ce fichier n’existe pas.',
  'There is a product "{id}" already.': 'Il y a déjà un produit « {id} ».',
  'A product id has 1 to 255 characters.':
    'L’identifiant d’un produit compte de 1 à 255 caractères.',
  'A product has at least one file.': 'Un produit contient au moins un fichier.',
  'A file\'s {field} has 1 to 255 characters without slashes or control characters, and is not "." or "..".':
    'Un nom de fichier compte de 1 à 255 caractères, sans barre oblique ni caractère de contrôle, et n’est ni « . » ni « .. ».',
  'The organization has no account yet, so nobody could pick the delivery up: create one first.':
    'L’organisation n’a encore aucun compte, personne ne pourrait retirer la livraison : créez-en un d’abord.',

  // Port orders
  'The port order has just changed; read it again.': 'Le portage vient de changer ; rechargez-le.',
  'The port order is {status}; it can only be changed while it is pending or rejected.':
    'Statut du portage : {status} ; il ne peut être modifié qu’en attente ou rejeté.',
  'The port order was neither pending nor rejected any more.':
    'Le portage n’était plus ni en attente ni rejeté.',
  'A port order has at most {count} documents.': 'Un portage a au plus {count} documents.',
  'A document may have at most {count} bytes.': 'Un document fait au plus {count} octets.',
  'The document is gone.': 'Le document n’existe plus.',
  'The URL cannot be read.': 'L’adresse est illisible.',
  'Only http:// and https:// URLs can be pulled from.':
    'Seules les adresses http:// et https:// sont admises.',
  'Only http:// and https:// URLs can be asked.':
    'Seules les adresses http:// et https:// sont admises.',
  'The URL leads to an address that is not public.':
    'L’adresse mène à une machine qui n’est pas publique.',
  'The URL led through more than {count} redirects.':
    'L’adresse mène par plus de {count} redirections.',
  '{host} has no address.': '{host} n’a pas d’adresse.',

  // What a request holds
  'The {part} is not valid: {place} {problem}.': 'Demande non valide : {place} {problem}.',
  '{place} must not have "{name}"{hint}': '{place} n’a pas de membre « {name} »{hint}',
  '{place} {problem}.': '{place} {problem}.',
}

/** What stands inside of them, as `{problem}`, `{noun}` or a state. */
export const phrases: Readonly<Record<string, string>> = {
  'is mandatory and must not be empty': 'est obligatoire et ne peut être vide',
  'has control characters': 'contient des caractères de contrôle',
  'has a NUL character': 'contient un caractère NUL',
  'is no e-mail address': 'n’est pas une adresse électronique',
  'is no language tag like en-US': 'n’est pas un code de langue tel que fr-FR',
  'is no time zone like Europe/Warsaw': 'n’est pas un fuseau horaire tel que Europe/Paris',
  'is neither TRUE nor FALSE': 'n’est ni TRUE ni FALSE',
  'is no date like 2023-01-01T12:00:00Z': 'n’est pas une date telle que 2023-01-01T12:00:00Z',
  'has fewer than 8 characters, or lacks an upper case, lower case or special one':
    'a moins de 8 caractères, ou n’a pas de majuscule, de minuscule ou de caractère spécial',
  'is no list of roles like CONTENT_CREATOR|GROUP_CREATOR':
    'n’est pas une liste de rôles telle que CONTENT_CREATOR|GROUP_CREATOR',
  'is longer than {count} characters': 'a plus de {count} caractères',
  'has 1 to 200 characters': 'compte de 1 à 200 caractères',
  'has no colon': 'ne contient pas de deux-points',
  'has printable characters only': 'ne contient que des caractères imprimables',
  'neither begins nor ends with a space': 'ne commence ni ne finit par une espace',
  'has 8 to 200 characters': 'compte de 8 à 200 caractères',
  'has no control characters': 'ne contient pas de caractère de contrôle',
  'must have {names}': 'doit avoir {names}',
  'must be one of {values}': 'doit être l’une des valeurs {values}',
  'is not allowed here': 'n’est pas admis ici',
  'fits none of the allowed forms': 'n’a aucune des formes admises',
  'is required': 'est obligatoire',
  'is not known here': 'n’est pas connu ici',
  'has a wrong form': 'n’a pas la bonne forme',
  '; did you mean "{meant}"?': ' ; vouliez-vous dire « {meant} » ?',
  'The {noun} "{key}" is': '{noun} « {key} » :',
  'This user and group are': 'Cet utilisateur et ce groupe sont',
  row: 'ligne',
  rows: 'lignes',
  second: 'seconde',
  seconds: 'secondes',
  user: 'utilisateur',
  group: 'groupe',
  organization: 'organisation',
  membership: 'appartenance',
  pending: 'en attente',
  processing: 'en traitement',
  submitted: 'soumis',
  accepted: 'accepté',
  rejected: 'rejeté',
  completed: 'terminé',
  running: 'en préparation',
  paused: 'en pause',
  done: 'prêt',
  incomplete: 'prêt en partie',
  failed: 'échoué',
  canceled: 'annulé',
  expired: 'expiré',
}

/** The same, in the words of the library that checks requests and forms. */
export const schemaPhrases: Readonly<Record<string, string>> = {
  'must match pattern "{pattern}"': 'doit correspondre au modèle {pattern}',
  'must not have more than {count} characters': 'a plus de {count} caractères',
  'must not have fewer than {count} characters': 'a moins de {count} caractères',
  'must not have more than {count} items': 'a plus de {count} éléments',
  'must not have fewer than {count} items': 'a moins de {count} éléments',
  'must not have duplicate items': 'contient des doublons',
  'must be {comparison} {limit}': 'doit être {comparison} {limit}',
  'must be {type}': 'doit être du type {type}',
}
